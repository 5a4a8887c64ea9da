/** Thrown for malformed bytes from another node. */
export class MalformedError extends Error {
  /** `message` says what cannot be read, and why. */
  constructor(message: string) {
    super(message);
    this.name = "MalformedError";
  }
}
