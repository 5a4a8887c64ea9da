/**
 * The reason why a peer is refused. The peer may read it: `message` says what is missing or wrong and
 * contains no secret or token.
 */
export class HandshakeError extends Error {
  /** `message` follows "refused: ", and is short enough for the close reason of a WebSocket. */
  constructor(message: string) {
    super(message);
    this.name = "HandshakeError";
  }
}
