import type { AdmittedPeer, Authenticator, Challenged } from "../auth/authenticator.ts";
import { parseHandshake } from "../auth/handshake.ts";
import { HandshakeError } from "../auth/handshake_error.ts";
import { CLOSE } from "./close_codes.ts";
import type { Socket } from "./socket.ts";

/** The ticks that the connecting side may take for the handshake; the next one ends it. */
const HANDSHAKE_TICKS = 1;

/**
 * A connected peer that is not authenticated yet. None of its messages reach the node. It may send one
 * hello and one proof, and must then wait until it is admitted.
 */
export class IncomingConnection {
  readonly #socket: Socket;
  readonly #authenticator: Authenticator;
  readonly #admit: (admission: AdmittedPeer) => void;
  #expects: "hello" | "nothing" | Challenged = "hello";
  #ticks = 0;

  /** `admit` is called once if the connecting side is admitted, after the welcome is sent. */
  constructor(
    socket: Socket,
    authenticator: Authenticator,
    admit: (admission: AdmittedPeer) => void,
  ) {
    this.#socket = socket;
    this.#authenticator = authenticator;
    this.#admit = admit;
  }

  /** Handles a message of the handshake. */
  take(data: string | Uint8Array): void {
    const expected = this.#expects;
    this.#expects = "nothing";
    const message = typeof data === "string" ? parseHandshake(data) : undefined;
    if (message === undefined || expected === "nothing") {
      return this.refuse("that is no part of the handshake");
    }
    const answer = expected === "hello"
      ? this.#authenticator.answerHello(message)
      : this.#authenticator.verifyProof(expected, message);
    answer.then((answer) => this.#answer(answer)).catch((error) => {
      this.refuse(error instanceof HandshakeError ? error.message : "the handshake failed");
    });
  }

  /** Must be called at regular intervals. */
  tick(): void {
    if (++this.#ticks > HANDSHAKE_TICKS) this.refuse("there was no hello in time");
  }

  /** Closes the connection: the connecting side has not proven its identity. */
  refuse(reason: string): void {
    this.#socket.close(CLOSE.unauthorized, `refused: ${reason}`);
  }

  /** Closes the connection for lack of room; the connecting side may try again later. */
  postpone(reason: string): void {
    this.#socket.close(CLOSE.tryLater, reason);
  }

  #answer(answer: AdmittedPeer | Challenged): void {
    if (!this.#socket.isOpen) return;
    if ("challenge" in answer) {
      this.#expects = answer;
      this.#socket.send(JSON.stringify(answer.challenge));
    } else {
      this.#socket.send(JSON.stringify({ welcome: true, proof: answer.proof }));
      this.#admit(answer);
    }
  }
}
