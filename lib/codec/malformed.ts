/** Bytes from elsewhere that are not what they should be. */
export class MalformedError extends Error {
  /** `message` says what could not be read, and why. */
  constructor(message: string) {
    super(message);
    this.name = "MalformedError";
  }
}
