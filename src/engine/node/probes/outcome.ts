/** What one probe said. `warning`: a success that deserves an event; `error`: it could not be carried out. */
export interface Outcome {
  readonly result: 'success' | 'warning' | 'failure' | 'error';
  readonly output: string;
}

/** Output past this is cut (upstream's maxProbeMessageLength for HTTP bodies and commands). */
export const OUTPUT_BYTES_MAX = 10 * 1024;
