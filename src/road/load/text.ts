import type { LoadReport } from './contract.ts';

const BAR_WIDTH = 40;
/** From here on the sender is taken to be at its limit. */
const BUSY_PERCENT = 95;

/** A report for people, one line each thing. */
export function loadText(report: LoadReport): string[] {
  const { requests, failed, tookMs, latency, longestGapMs } = report;
  const seconds = tookMs / 1000;
  const perSecond = seconds > 0 ? (requests / seconds).toFixed(requests / seconds < 10 ? 1 : 0) : '0';
  const lines = [
    `${counted(requests)} requests in ${seconds.toFixed(1)} s (${perSecond}/s), ${counted(failed)} failed`,
  ];
  if (latency) {
    const { p50Ms, p90Ms, p99Ms, maxMs, meanMs } = latency;
    lines.push(
      `latency from the moment each was due: p50 ${ms(p50Ms)}, p90 ${ms(p90Ms)}, p99 ${ms(p99Ms)}, max ${ms(maxMs)}, mean ${ms(meanMs)}`,
      ...bars(report),
    );
  }
  const answers = Object.entries(report.statuses).map(([status, count]) => `${status}: ${counted(count)}`);
  if (answers.length > 0) lines.push(`answers ${answers.join(', ')}`);
  lines.push(`longest time without a good answer ${ms(longestGapMs)}`);
  if (report.retried) lines.push(`${retriedText(report.retried)}`);
  if ((report.busyPercent ?? 0) >= BUSY_PERCENT) {
    lines.push(
      `the sender was busy ${report.busyPercent} % of the time: it cannot send more, and part of the latency is its own; take a lower rate`,
    );
  }
  for (const [reason, count] of Object.entries(report.reasons)) lines.push(`failed ${counted(count)}: ${reason}`);
  for (const { atMs, path, reason } of report.failures) {
    lines.push(`  at ${(atMs / 1000).toFixed(2)} s ${path}: ${reason}`);
  }
  if (report.failures.length > 0 && failed > report.failures.length) {
    lines.push(`  and ${counted(failed - report.failures.length)} more`);
  }
  return lines;
}

/** A report in a few words: `18 204 requests, 0 failed, p99 12 ms`. */
export function loadSummary({ requests, failed, latency }: LoadReport): string {
  return `${counted(requests)} requests, ${counted(failed)} failed${latency ? `, p99 ${ms(latency.p99Ms)}` : ''}`;
}

function retriedText(count: number): string {
  const [noun, verb] = count === 1 ? ['request', 'was'] : ['requests', 'were'];
  return `${counted(count)} ${noun} ${verb} sent twice: the server had closed the idle connection`;
}

/** The distribution without its empty ends. */
function bars(report: LoadReport): string[] {
  const spans = report.distribution ?? [];
  const first = spans.findIndex(({ count }) => count > 0);
  const last = spans.findLastIndex(({ count }) => count > 0);
  const shown = first < 0 ? [] : spans.slice(first, last + 1);
  const most = Math.max(1, ...shown.map(({ count }) => count));
  const all = Math.max(
    1,
    shown.reduce((sum, { count }) => sum + count, 0),
  );
  return shown.map(({ upToMs, count }) => {
    const label = upToMs === undefined ? 'more' : `to ${ms(upToMs)}`;
    const bar = '█'.repeat(Math.max(count > 0 ? 1 : 0, Math.round((count / most) * BAR_WIDTH)));
    const share = (count / all) * 100;
    return `  ${label.padEnd(10)} ${bar.padEnd(BAR_WIDTH)} ${counted(count).padStart(8)}  ${share.toFixed(share < 1 ? 2 : 0)} %`;
  });
}

function ms(value: number): string {
  if (value >= 1000) return `${Math.round(value / 10) / 100} s`;
  return `${value >= 100 ? Math.round(value) : Math.round(value * 10) / 10} ms`;
}

/** `18 204`: thousands apart. */
function counted(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ' ');
}
