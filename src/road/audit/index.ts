export { audit } from './audit.ts';
export type * from './contract.ts';
export { FACTORS } from './factors.ts';
export { applyFixes, type Fixed } from './fix.ts';
export { junitOf } from './junit.ts';
export { joinReports, reportOf } from './report.ts';
export { RULES } from './rules.ts';
export { sarifOf } from './sarif.ts';
