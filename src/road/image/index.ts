export { wordsOf } from './command.ts';
export { type BuildContext, copyContext, readContext } from './context.ts';
export type * from './contract.ts';
export { dockerfileFor } from './dockerfile-for.ts';
export { USER_ID } from './shared-lines.ts';
