import { UserError } from '../base/index.ts';

/** The port that a flag was given. @throws UserError when it is none. */
export function portOf(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 65535) return value;
  throw new UserError(flag, `"${text}" is not a port`, 'Give a whole number from 1 to 65535.', { exitStatus: 2 });
}
