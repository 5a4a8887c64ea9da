import type { Ballot, Life } from "../paxos/ballot.ts";
import type { OperationId, SessionId } from "../paxos/register.ts";
import { MAX_SEQUENCE } from "./names.ts";

/** What CBOR makes of a frame: arrays within arrays. */
export type Fields = unknown[];

/**
 * Makes small what frames repeat. A frame is sent at a price per byte (in Deno's BroadcastChannel
 * some 50 ns for each), and most of a small message would be lives of 20 characters, and counters
 * that differ from the sender's clock by little.
 *
 * - A counter is written as its distance from the clock in the header, and 0 as null.
 * - A life is text where it first occurs in the frame, and its number afterwards: 0 is the empty
 *   life, 1 that of a floor, and 2 upwards are counted as they occur.
 * - A session is `[node, life, sequence]` where it first occurs, and its number afterwards.
 *
 * So whoever reads must take the fields of a frame in the order in which they were written.
 */
export class FieldWriter {
  readonly #clock: number;
  readonly #lives = new Map<Life, number>();
  readonly #sessions = new Map<SessionId, number>();

  /** For one frame, whose header has this clock. */
  constructor(clock: number) {
    this.#clock = clock;
  }

  /** One field. */
  counter(counter: number): number | null {
    return counter === 0 ? null : this.#clock - counter;
  }

  /** One field. */
  life(life: Life): string | number {
    if (life === "") return 0;
    if (life === "~") return 1;
    const known = this.#lives.get(life);
    if (known !== undefined) return known;
    this.#lives.set(life, 2 + this.#lives.size);
    return life;
  }

  /** One field. */
  session(session: SessionId): Fields | number {
    const known = this.#sessions.get(session);
    if (known !== undefined) return known;
    this.#sessions.set(session, this.#sessions.size);
    const slash = session.indexOf("/");
    return [session.slice(0, slash), ...this.operation(session.slice(slash + 1))];
  }

  /** Two fields: life and sequence number. */
  operation(operation: OperationId): [string | number, number] {
    const slash = operation.indexOf("/");
    const digits = operation.slice(slash + 1);
    const sequence = Number(digits);
    // In its one form: what comes back must be the very same string.
    if (
      slash < 1 || !Number.isInteger(sequence) || sequence < 0 || sequence >= MAX_SEQUENCE ||
      String(sequence) !== digits
    ) {
      throw new TypeError(`neither an operation nor a session: ${operation}`);
    }
    return [this.life(operation.slice(0, slash)), sequence];
  }

  /** Two fields: counter and life. */
  ballot(ballot: Ballot): [number | null, string | number] {
    return [this.counter(ballot.counter), this.life(ballot.life)];
  }
}
