/** kustomize reads an env file line by line, `KEY=value` to its end, without quotes. */
export function fitsLine(key: string, value: string): boolean {
  return !/[\r\n\0]/.test(value) && value.trim() === value && /^[A-Za-z_][\w.-]*$/.test(key);
}

/** The lines of an env file. */
export function settingText(lines: readonly (readonly [key: string, value: string])[]): string {
  return lines.map(([key, value]) => `${key}=${value}\n`).join('');
}
