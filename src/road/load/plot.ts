import type { LoadReport } from './contract.ts';

const WIDTH = 900;
const LEFT = 70;
const RIGHT = 20;
const PANEL_HEIGHT = 180;
const TOP = 60;
const BETWEEN = 50;
const COLORS = { good: '#2e7d32', failed: '#c62828', p50: '#1565c0', p99: '#ef6c00', text: '#333', grid: '#ddd' };

/**
 * A load as a picture (SVG): answers and failures of each second, below them the latency from the due time; phases stand
 * as lines with their names.
 */
export function plotOf(report: LoadReport): string {
  const { seconds } = report;
  const first = seconds[0]?.second ?? 0;
  const count = Math.max(1, (seconds.at(-1)?.second ?? 0) - first + 1);
  const x = (second: number): number => LEFT + ((second - first) / count) * (WIDTH - LEFT - RIGHT);
  const width = (WIDTH - LEFT - RIGHT) / count;
  const requestsMax = niceMax(Math.max(1, ...seconds.map(({ requests }) => requests)));
  const latencyMax = niceMax(Math.max(1, ...seconds.map(({ p99Ms }) => p99Ms)));
  const secondTop = TOP + PANEL_HEIGHT + BETWEEN;
  const height = secondTop + PANEL_HEIGHT + 40;
  const y = (top: number, value: number, max: number): number => top + PANEL_HEIGHT * (1 - Math.min(1, value / max));
  const bars = seconds.flatMap(({ second, requests, failed }) => {
    const bar = (from: number, to: number, color: string): string =>
      `<rect x="${at(x(second))}" y="${at(y(TOP, to, requestsMax))}" width="${at(Math.max(0.5, width * 0.92))}" height="${at(y(TOP, from, requestsMax) - y(TOP, to, requestsMax))}" fill="${color}"/>`;
    const good = requests - failed;
    return [
      ...(good > 0 ? [bar(0, good, COLORS.good)] : []),
      ...(failed > 0 ? [bar(good, requests, COLORS.failed)] : []),
    ];
  });
  const line = (name: 'p50' | 'p99', value: (one: LoadReport['seconds'][number]) => number): string => {
    const points = seconds.map((one) => `${at(x(one.second) + width / 2)},${at(y(secondTop, value(one), latencyMax))}`);
    return `<polyline points="${points.join(' ')}" fill="none" stroke="${COLORS[name]}" stroke-width="1.5"/>`;
  };
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12" fill="${COLORS.text}">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="${LEFT}" y="22" font-size="14">${escaped(report.url)}: ${report.requests} requests, ${report.failed} failed</text>`,
    legend(LEFT, 42, [
      ['answered', COLORS.good],
      ['failed', COLORS.failed],
      ['p50', COLORS.p50],
      ['p99', COLORS.p99],
    ]),
    ...axis(TOP, requestsMax, 'requests/s'),
    ...bars,
    ...axis(secondTop, latencyMax, 'ms'),
    line('p50', ({ p50Ms }) => p50Ms),
    line('p99', ({ p99Ms }) => p99Ms),
    ...phaseLines(report, x, secondTop + PANEL_HEIGHT),
    ...ticks(first, count).map(
      (second) =>
        `<text x="${at(x(second))}" y="${secondTop + PANEL_HEIGHT + 18}" text-anchor="middle">${second} s</text>`,
    ),
    '</svg>',
  ].join('\n')}\n`;
}

function axis(top: number, max: number, unit: string): string[] {
  return [0, 0.5, 1].flatMap((part) => {
    const y = at(top + PANEL_HEIGHT * (1 - part));
    const label = `${Math.round(max * part * 100) / 100}${part === 1 ? ` ${unit}` : ''}`;
    return [
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}" stroke="${COLORS.grid}"/>`,
      part === 1
        ? `<text x="6" y="${at(top - 6)}">${label}</text>`
        : `<text x="${LEFT - 8}" y="${y + 4}" text-anchor="end">${label}</text>`,
    ];
  });
}

function legend(left: number, y: number, entries: readonly (readonly [string, string])[]): string {
  return entries
    .map(
      ([name, color], index) =>
        `<rect x="${left + index * 90}" y="${y - 9}" width="10" height="10" fill="${color}"/><text x="${left + index * 90 + 15}" y="${y}">${name}</text>`,
    )
    .join('');
}

/** A phase begins where those after it leave off, counted from the end; what came before the first mark has no name. */
function phaseLines(report: LoadReport, x: (second: number) => number, bottom: number): string[] {
  let fromMs = report.tookMs;
  return report.phases.toReversed().map(({ name, tookMs }) => {
    fromMs = Math.max(0, fromMs - tookMs);
    const left = at(x(fromMs / 1000));
    return `<line x1="${left}" x2="${left}" y1="${TOP}" y2="${bottom}" stroke="${COLORS.text}" stroke-dasharray="4 3"/><text x="${left + 4}" y="${TOP + 12}">${escaped(name)}</text>`;
  });
}

/** About ten round seconds. */
function ticks(first: number, count: number): number[] {
  const step = niceMax(count / 10);
  const ticks: number[] = [];
  for (let second = Math.ceil(first / step) * step; second <= first + count; second += step) ticks.push(second);
  return ticks;
}

/** The next of 1, 2, 5, 10, 20, 50 ... */
function niceMax(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

function at(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
