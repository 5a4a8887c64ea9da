/**
 * Why somebody is not let in, in words that may be told to whoever it is: `message` names what was
 * missing, never what was given.
 */
export class Refusal extends Error {
  /** `message` fits behind "refused: ", and is short enough for the reason of a WebSocket's end. */
  constructor(message: string) {
    super(message);
    this.name = "Refusal";
  }
}
