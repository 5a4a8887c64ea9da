import { type Ballot, type Life, LIFE_PATTERN, MAX_COUNTER, NO_BALLOT } from "../paxos/ballot.ts";
import type { OperationId, RegisterId, SessionId } from "../paxos/register.ts";
import { MAX_LABEL_BYTES } from "../paxos/lock_register.ts";
import { GUEST_PATTERN, isNodeId, MAX_SEQUENCE, OWNER_PATTERN } from "./names.ts";
import { isRegisterId } from "./register_id.ts";
import { isUtf8Within } from "./text.ts";

/**
 * Thrown by a {@linkcode FieldReader} for a malformed field. It is not an `Error`: it never leaves the
 * codec, and a stack trace for each frame of a hostile peer costs too much.
 */
export class MalformedField {
  /** The reason, for an error message. */
  readonly detail: string;

  /** `detail` is the reason. */
  constructor(detail: string) {
    this.detail = detail;
  }
}

/** Rejects a frame: throws a {@linkcode MalformedField}. */
export function refuse(detail: string): never {
  throw new MalformedField(detail);
}

/** Shared by all empty lists, which saves memory: most lists in kept states are empty. */
const EMPTY: readonly never[] = Object.freeze([]);

/**
 * Checks the fields of one frame, and reverses the compression of `FieldWriter`. Fields must be read in
 * the order in which they were written. Each method throws {@linkcode MalformedField} for a malformed
 * field.
 */
export class FieldReader {
  readonly #clock: number;
  #highest: number;
  readonly #lives: Life[];
  readonly #sessions: SessionId[] = [];

  /** For one frame; `clock` is the clock in its header. `lives`: those that have occurred in it already. */
  constructor(clock: number, lives: readonly Life[] = []) {
    this.#clock = clock;
    this.#highest = clock;
    this.#lives = ["", "~", ...lives];
  }

  /** The lives that have occurred, in the order of their first occurrence. */
  get lives(): readonly Life[] {
    return this.#lives.slice(2);
  }

  /** The highest counter read so far, including the clock of the frame. */
  get highest(): number {
    return this.#highest;
  }

  /** A list of at most `limit` entries, read by `entry` in order. */
  list<T>(field: unknown, limit: number, entry: (field: unknown) => T): readonly T[] {
    if (!Array.isArray(field)) refuse("a list was expected");
    if (field.length > limit) refuse(`a list of more than ${limit}`);
    if (field.length === 0) return EMPTY;
    // In place: the array was made for this frame and has no other owner.
    for (let i = 0; i < field.length; i++) field[i] = entry(field[i]);
    return field;
  }

  /** A counter from 0, which is written as null, to `MAX_COUNTER - 1`. */
  counter(field: unknown): number {
    if (field === null) return 0;
    if (!Number.isSafeInteger(field)) refuse("not a counter");
    const counter = this.#clock - (field as number);
    if (counter < 1 || counter >= MAX_COUNTER) refuse("a counter out of range");
    if (counter > this.#highest) this.#highest = counter;
    return counter;
  }

  /** The life of a node, the empty life, or the life of a floor. */
  anyLife(field: unknown): Life {
    if (typeof field === "number") {
      const known = this.#lives[field];
      return typeof known === "string" ? known : refuse("a life that did not occur yet");
    }
    if (typeof field !== "string" || !LIFE_PATTERN.test(field)) refuse("not a life");
    this.#lives.push(field);
    return field;
  }

  /** The life of a node. */
  life(field: unknown): Life {
    const life = this.anyLife(field);
    if (life === "" || life === "~") refuse("a life that is not a node's");
    return life;
  }

  /** The life of a node, or the empty life. */
  lifeOrNone(field: unknown): Life {
    const life = this.anyLife(field);
    return life === "~" ? refuse("a life that is not a node's") : life;
  }

  /** The life of a node, or null. */
  lifeOrNull(field: unknown): Life | null {
    return field === null ? null : this.life(field);
  }

  /** A session. */
  session(field: unknown): SessionId {
    if (typeof field === "number") {
      const known = this.#sessions[field];
      return typeof known === "string" ? known : refuse("a session that did not occur yet");
    }
    if (!Array.isArray(field) || field.length !== 3) refuse("not a session");
    const session = `${owner(field[0])}/${this.life(field[1])}/${choice(field[2], MAX_SEQUENCE)}`;
    this.#sessions.push(session);
    return session;
  }

  /** An operation, from two fields. */
  operation(author: unknown, sequence: unknown): OperationId {
    const isGuest = typeof author === "string" && GUEST_PATTERN.test(author);
    return `${isGuest ? author : this.life(author)}/${choice(sequence, MAX_SEQUENCE)}`;
  }

  /** Any ballot, from two fields: a proposed one, `NO_BALLOT`, or the ballot of a floor. */
  anyBallot(counter: unknown, life: unknown): Ballot {
    const ballot = { counter: this.counter(counter), life: this.anyLife(life) };
    if (ballot.life === "") {
      return ballot.counter === 0 ? NO_BALLOT : refuse("a ballot without a life");
    }
    if (ballot.counter === 0 && ballot.life !== "~") refuse("a ballot with counter 0");
    return ballot;
  }

  /** A ballot that a node proposed, from two fields. */
  ballot(counter: unknown, life: unknown): Ballot {
    const ballot = { counter: this.counter(counter), life: this.life(life) };
    return ballot.counter === 0 ? refuse("a ballot with counter 0") : ballot;
  }
}

/** An array of exactly `length` fields. */
export function fields(field: unknown, length: number): readonly unknown[] {
  if (!Array.isArray(field) || field.length !== length) refuse(`not ${length} fields`);
  return field;
}

/** A non-negative safe integer. */
export function integer(field: unknown): number {
  if (!Number.isSafeInteger(field) || (field as number) < 0) refuse("not an integer in range");
  // Adding 0 turns -0 into 0.
  return (field as number) + 0;
}

/** One of the integers from 0 to `limit - 1`. */
export function choice(field: unknown, limit: number): number {
  const number = integer(field);
  return number < limit ? number : refuse("not one of the choices");
}

/** A number of milliseconds from 0 to `limit`, not necessarily an integer. */
export function milliseconds(field: unknown, limit: number): number {
  if (typeof field !== "number" || !(field >= 0 && field <= limit)) refuse("not a time in range");
  return field + 0;
}

/** True or false. */
export function flag(field: unknown): boolean {
  return typeof field === "boolean" ? field : refuse("neither true nor false");
}

/** The name of a node. */
export function node(field: unknown): string {
  if (!isNodeId(field)) refuse("not the name of a node");
  return field;
}

/** The name of a node or of a guest. */
export function owner(field: unknown): string {
  if (typeof field !== "string" || !OWNER_PATTERN.test(field)) refuse("not the name of an owner");
  return field;
}

/** The beginning of a lock request's label. */
export function shortLabel(field: unknown): string {
  return typeof field === "string" && isUtf8Within(field, MAX_LABEL_BYTES)
    ? field
    : refuse("not a label");
}

/** Bytes. */
export function blob(field: unknown): Uint8Array {
  return field instanceof Uint8Array ? field : refuse("not bytes");
}

/** The id of a register. */
export function register(field: unknown): RegisterId {
  return isRegisterId(field) ? field : refuse("not the id of a register");
}

/** The id of a register, or `""`. */
export function registerOrNone(field: unknown): RegisterId {
  return field === "" ? "" : register(field);
}
