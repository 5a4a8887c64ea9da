import type { Admission, Challenged, Guard } from "../auth/guard.ts";
import { parseHandshake } from "../auth/handshake.ts";
import { Refusal } from "../auth/refusal.ts";
import { CLOSE } from "./close_codes.ts";
import type { Socket } from "./socket.ts";

/** After so many ticks a visitor that has not proven who it is has to go. */
const PATIENCE = 1;

/**
 * Somebody who has connected and is not known yet. Nothing that it sends reaches the node; it may send
 * one hello and one proof, and then has to wait to be let in.
 */
export class Visitor {
  readonly #socket: Socket;
  readonly #guard: Guard;
  readonly #admit: (admission: Admission) => void;
  #expects: "hello" | "nothing" | Challenged = "hello";
  #ticks = 0;

  /** `admit` is called once, after the visitor has been told, if it may come in. */
  constructor(socket: Socket, guard: Guard, admit: (admission: Admission) => void) {
    this.#socket = socket;
    this.#guard = guard;
    this.#admit = admit;
  }

  /** Takes a message of the handshake. */
  take(data: string | Uint8Array): void {
    const expected = this.#expects;
    this.#expects = "nothing";
    const message = typeof data === "string" ? parseHandshake(data) : undefined;
    if (message === undefined || expected === "nothing") {
      return this.refuse("that is no part of the handshake");
    }
    const answer = expected === "hello"
      ? this.#guard.greet(message)
      : this.#guard.admit(expected, message);
    answer.then((answer) => this.#answer(answer)).catch((error) => {
      this.refuse(error instanceof Refusal ? error.message : "the handshake failed");
    });
  }

  /** Called in regular intervals. */
  tick(): void {
    if (++this.#ticks > PATIENCE) this.refuse("there was no hello in time");
  }

  /** Sends the visitor away, since it is not who it should be. */
  refuse(reason: string): void {
    this.#socket.close(CLOSE.unauthorized, `refused: ${reason}`);
  }

  /** Sends the visitor away, whoever it is. */
  postpone(reason: string): void {
    this.#socket.close(CLOSE.tryLater, reason);
  }

  #answer(answer: Admission | Challenged): void {
    if (!this.#socket.isOpen) return;
    if ("challenge" in answer) {
      this.#expects = answer;
      this.#socket.send(JSON.stringify(answer.challenge));
    } else {
      this.#socket.send(JSON.stringify({ welcome: true }));
      this.#admit(answer);
    }
  }
}
