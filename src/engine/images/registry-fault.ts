/** A fault in the words of distribution-spec 1.1, error codes. */
export class RegistryFault extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
