import type { Ballot, Life } from "../paxos/ballot.ts";
import type { OperationId, SessionId } from "../paxos/register.ts";
import { GUEST_PATTERN, MAX_SEQUENCE } from "./names.ts";

/** The form of a frame before it becomes CBOR: nested arrays. */
export type Fields = unknown[];

/**
 * Compresses the repeated parts of a frame. Sending costs time per byte (in Deno's BroadcastChannel about
 * 50 ns), and most bytes of a small message would be lives of 20 characters, and counters that differ
 * little from the sender's clock.
 *
 * - A counter is written as its distance from the clock in the header, and 0 as null.
 * - A life is text at its first occurrence in the frame, and its number afterwards: 0 is the empty life,
 *   1 is the life of a floor, and others are numbered from 2 in the order of their first occurrence.
 * - The author of an operation is a life, or the text `~id/life` for a guest, which has no number.
 * - A session is `[owner, life, sequence]` at its first occurrence, and its number afterwards.
 *
 * A reader must therefore read the fields of a frame in the order in which they were written.
 */
export class FieldWriter {
  readonly #clock: number;
  /** The lives that occurred before those in `#others`: few. */
  readonly #first: readonly Life[];
  /** Made for the first of them, and likewise the sessions: few frames have one. */
  #others: Map<Life, number> | undefined;
  #sessions: Map<SessionId, number> | undefined;

  /** For one frame; `clock` is the clock in its header. `lives`: those that have occurred in it already. */
  constructor(clock: number, lives: readonly Life[] = []) {
    this.#clock = clock;
    this.#first = lives;
  }

  /** The lives that have occurred, in the order of their first occurrence. */
  get lives(): readonly Life[] {
    return [...this.#first, ...this.#others?.keys() ?? []];
  }

  /** Encodes a counter to one field. */
  counter(counter: number): number | null {
    return counter === 0 ? null : this.#clock - counter;
  }

  /** Encodes a life to one field. */
  life(life: Life): string | number {
    if (life === "") return 0;
    if (life === "~") return 1;
    const place = this.#first.indexOf(life);
    if (place >= 0) return 2 + place;
    const others = this.#others ??= new Map();
    const known = others.get(life);
    if (known !== undefined) return known;
    others.set(life, 2 + this.#first.length + others.size);
    return life;
  }

  /** Encodes a session to one field; throws `TypeError` if it is invalid. */
  session(session: SessionId): Fields | number {
    const sessions = this.#sessions ??= new Map();
    const known = sessions.get(session);
    if (known !== undefined) return known;
    sessions.set(session, sessions.size);
    const slash = session.indexOf("/");
    return [session.slice(0, slash), ...this.#numbered(session, slash + 1)];
  }

  /** Encodes an operation to two fields, author and sequence number; throws `TypeError` if it is invalid. */
  operation(operation: OperationId): [string | number, number] {
    const slash = operation.lastIndexOf("/");
    const author = operation.slice(0, slash);
    if (!GUEST_PATTERN.test(author)) return this.#numbered(operation, 0);
    return [author, sequenceOf(operation, slash)];
  }

  /** Encodes a life and a sequence number, which `name` has from `start` on, to two fields. */
  #numbered(name: string, start: number): [string | number, number] {
    const slash = name.indexOf("/", start);
    const sequence = sequenceOf(name, slash);
    if (slash <= start) refuse(name);
    return [this.life(name.slice(start, slash)), sequence];
  }

  /** Encodes a ballot to two fields, counter and life. */
  ballot(ballot: Ballot): [number | null, string | number] {
    return [this.counter(ballot.counter), this.life(ballot.life)];
  }
}

/** The sequence number behind the slash. Only the canonical form: decoding must return the same string. */
function sequenceOf(name: string, slash: number): number {
  const digits = name.slice(slash + 1);
  const sequence = Number(digits);
  const isInRange = Number.isInteger(sequence) && sequence >= 0 && sequence < MAX_SEQUENCE;
  return slash >= 0 && isInRange && String(sequence) === digits ? sequence : refuse(name);
}

function refuse(name: string): never {
  throw new TypeError(`neither an operation nor a session: ${name}`);
}
