import type { AdmittedPeer, Authenticator, Challenged } from "../auth/authenticator.ts";
import {
  type AdmittedGuest,
  type GuestAuthenticator,
  isFromGuest,
} from "../auth/guest_authenticator.ts";
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
  readonly #guests: GuestAuthenticator | null;
  readonly #admit: (admission: AdmittedPeer | AdmittedGuest) => void;
  #expects: "hello" | "nothing" | Challenged = "hello";
  #ticks = 0;

  /**
   * `admit` is called once if the connecting side is admitted, after the welcome is sent. `guests` decides on
   * guests; `null`: there are none here.
   */
  constructor(
    socket: Socket,
    authenticator: Authenticator,
    guests: GuestAuthenticator | null,
    admit: (admission: AdmittedPeer | AdmittedGuest) => void,
  ) {
    this.#socket = socket;
    this.#authenticator = authenticator;
    this.#guests = guests;
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
    const answer: Promise<AdmittedPeer | Challenged | AdmittedGuest> = expected !== "hello"
      ? this.#authenticator.verifyProof(expected, message)
      : isFromGuest(message)
      ? this.#greetGuest(message)
      : this.#authenticator.answerHello(message);
    answer.then((answer) => this.#answer(answer)).catch((error) => {
      this.refuse(error instanceof HandshakeError ? error.message : "the handshake failed");
    });
  }

  /** Must be called at regular intervals. Ends the connection if the connecting side is silent. */
  tick(): void {
    if (++this.#ticks <= HANDSHAKE_TICKS) return;
    this.#socket.leave(CLOSE.unauthorized, "refused: there was no hello in time");
  }

  /** Closes the connection: the connecting side has not proven its identity. */
  refuse(reason: string): void {
    this.#socket.close(CLOSE.unauthorized, `refused: ${reason}`);
  }

  /** Closes the connection for lack of room; the connecting side may try again later. */
  postpone(reason: string): void {
    this.#socket.close(CLOSE.tryLater, reason);
  }

  async #greetGuest(message: unknown): Promise<AdmittedGuest> {
    if (this.#guests === null) throw new HandshakeError("this node takes no guests");
    return await this.#guests.admit(message);
  }

  #answer(answer: AdmittedPeer | Challenged | AdmittedGuest): void {
    if (!this.#socket.isOpen) return;
    if ("challenge" in answer) {
      this.#expects = answer;
      this.#socket.send(JSON.stringify(answer.challenge));
    } else {
      const proof = "id" in answer ? answer.proof : undefined;
      this.#socket.send(JSON.stringify({ welcome: true, proof }));
      this.#admit(answer);
    }
  }
}
