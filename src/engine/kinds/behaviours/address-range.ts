import { isIP } from 'node:net';

/** `10.9.8.0/24`, `2001:db8::/64`. */
export function isCidr(text: string): boolean {
  const [address = '', length, ...more] = text.split('/');
  const version = isIP(address);
  return (
    version !== 0 &&
    more.length === 0 &&
    length !== undefined &&
    /^\d{1,3}$/.test(length) &&
    Number(length) <= (version === 4 ? 32 : 128)
  );
}
