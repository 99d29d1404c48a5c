import { spawn } from 'node:child_process';
import { type Clock, currentSpawner } from '../../base/index.ts';

const ANSWER_TIMEOUT_MS = 30_000;

/**
 * Starts conmon, which makes the container and stays with it. Resolves with the container's process id once it is made.
 * It answers on the descriptor that _OCI_SYNCPIPE names.
 */
export async function startMonitor(args: readonly string[], directory: string, clock: Clock): Promise<number> {
  const env = { PATH: process.env.PATH, _OCI_SYNCPIPE: '3' };
  const { answer, stderr } = await (currentSpawner()
    ? bySpawner(args, directory, env)
    : fromHere(args, directory, env, clock));
  if (!answer) throw new Error(stderr.trim() || 'its monitor ended without an answer');
  const said = JSON.parse(answer) as { pid?: number; data?: number; message?: string };
  const pid = said.pid ?? said.data ?? -1;
  if (pid <= 0) throw new Error((said.message || stderr || 'crun could not make it').trim());
  return pid;
}

interface Answer {
  readonly answer: string;
  readonly stderr: string;
}

async function bySpawner(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Answer> {
  const spawner = currentSpawner();
  if (!spawner) throw new Error('the process that starts programs is gone');
  const { reply } = spawner.spawn({ argv: ['conmon', ...args], cwd, env, input: undefined, answersOnDescriptor: true });
  const { answer, stderr, fault } = await reply;
  if (fault !== undefined) throw new Error(`run conmon: ${fault}`);
  return { answer: answer.toString(), stderr: stderr.toString() };
}

function fromHere(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv, clock: Clock): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const monitor = spawn('conmon', args, { cwd, env, detached: true, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
    const pipe = monitor.stdio[3];
    if (!pipe || !('on' in pipe)) throw new Error('the monitor has no pipe');
    let answer = '';
    let stderr = '';
    const timer = clock.after(ANSWER_TIMEOUT_MS, () => reject(new Error('its monitor did not answer within 30 s')));
    const settle = () => {
      timer.cancel();
      if ('destroy' in pipe && typeof pipe.destroy === 'function') pipe.destroy();
      monitor.stderr?.destroy();
      resolve({ answer, stderr });
    };
    monitor.on('error', reject);
    monitor.stderr?.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-2000);
    });
    pipe.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
      if (answer.includes('\n') || answer.endsWith('}')) settle();
    });
    pipe.on('end', settle);
    monitor.unref();
  });
}
