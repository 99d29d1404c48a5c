import type { Clock } from '../base/index.ts';
import { colors as pc } from './colors.ts';

/** One thing being done: it may say what it waits for, and ends with what came of it. */
export interface Step {
  /** Shown while it lasts: in place on a terminal, as a line of its own in a pipe. */
  progress(text: string): void;
  /** A line that stays, whatever comes after. */
  note(text: string): void;
  done(text: string): void;
}

export interface Steps {
  start(name: string): Step;
  /** A line that belongs to no step. */
  line(text: string): void;
  /** Takes the line in place away, before an error or the end. */
  end(): void;
}

const NAME_WIDTH = 9;

/**
 * Shows a runbook on a stream: one line a step with the time it took. On a terminal what is going on stands in one line
 * at the bottom; in a pipe every word is a line.
 */
export function createSteps(stream: NodeJS.WriteStream, clock: Clock): Steps {
  const live = stream.isTTY === true && process.env.TERM !== 'dumb';
  const current = new Map<string, string>();
  const clear = (): void => {
    if (live) stream.write('\r\x1b[K');
  };
  const redraw = (): void => {
    if (!live || current.size === 0) return;
    const text = [...current].map(([name, what]) => `${name}: ${what}`).join('   ');
    stream.write(pc.dim(`  ${text.slice(0, Math.max(20, (stream.columns || 80) - 4))}`));
  };
  const print = (line: string): void => {
    clear();
    stream.write(`${line}\n`);
    redraw();
  };
  return {
    start(name) {
      const started = clock.monotonic();
      let told = '';
      current.set(name, '…');
      clear();
      redraw();
      return {
        progress(text) {
          if (text === told) return;
          told = text;
          if (live) {
            current.set(name, text);
            clear();
            redraw();
          } else print(`  ${name.padEnd(NAME_WIDTH)} ${text}`);
        },
        note(text) {
          print(`  ${live ? pc.yellow('!') : '!'} ${name}: ${text}`);
        },
        done(text) {
          current.delete(name);
          const seconds = ((clock.monotonic() - started) / 1000).toFixed(1);
          const mark = live ? pc.green('✔') : 'ok';
          print(`${mark} ${name.padEnd(NAME_WIDTH)} ${text}  ${live ? pc.dim(`${seconds} s`) : `(${seconds} s)`}`);
        },
      };
    },
    line: print,
    end() {
      current.clear();
      clear();
    },
  };
}
