import type { AcceptorEntry, Outline } from "./acceptor_types.ts";
import { type Ballot, compareBallots, type Life } from "./ballot.ts";
import { assertInvariant } from "./invariant.ts";
import { NO_BINDINGS, NO_OWNERS } from "./kv_register.ts";
import type { Accepted, OperationId } from "./register.ts";

/**
 * Longest value that is kept as text, in bytes. In V8 bytes take 200 more than their content, and text 16; longer text
 * takes more time to make than bytes.
 */
const MAX_TEXT = 128;

/** What an acceptor holds of one register, in little memory: it holds as many as there are keys and locks. */
export class HeldRegister implements AcceptorEntry {
  /** The promise; a number: so far above the ballot of what was accepted, in the same life. */
  #promised: Ballot | number;
  #accepted: Accepted | ShortAccepted | null;
  /** See {@linkcode AcceptorEntry}. */
  copied: boolean;

  /** With this promise, what was accepted, and whether that is a copy. */
  constructor(promised: Ballot, accepted: Accepted | null, copied: boolean) {
    this.#accepted = inShort(accepted);
    this.#promised = above(accepted?.ballot, promised);
    this.copied = copied;
  }

  /** See {@linkcode AcceptorEntry}; perhaps a new object each time, as `accepted`. */
  get promised(): Ballot {
    const promised = this.#promised;
    if (typeof promised !== "number") return promised;
    assertInvariant(this.#accepted !== null, "a promise above what was accepted");
    const { counter, life } = this.#accepted.ballot;
    return { counter: counter + promised, life };
  }

  set promised(promised: Ballot) {
    this.#promised = above(this.#accepted?.ballot, promised);
  }

  /** The life that may keep the promise for its next change: that of the ballot behind what was accepted. */
  get keeper(): Life | undefined {
    const { counter, life } = this.promised;
    return counter - 1 === this.#accepted?.ballot.counter ? life : undefined;
  }

  /** See {@linkcode AcceptorEntry}. */
  get accepted(): Accepted | null {
    const accepted = this.#accepted;
    return accepted instanceof ShortAccepted ? accepted.whole : accepted;
  }

  set accepted(accepted: Accepted | null) {
    const { promised } = this;
    this.#accepted = inShort(accepted);
    this.#promised = above(accepted?.ballot, promised);
  }

  /** See {@linkcode AcceptorEntry}. */
  get outline(): Outline | null {
    return this.#accepted;
  }

  /** Whether nothing was accepted. */
  get isBlank(): boolean {
    return this.#accepted === null;
  }

  /** Makes the vote of the fast round `ballot` a classic one; returns whether it is there. */
  mark(ballot: Ballot): boolean {
    const accepted = this.#accepted;
    if (accepted?.fast !== true || compareBallots(accepted.ballot, ballot) !== 0) return false;
    if (accepted instanceof ShortAccepted) accepted.fast = undefined;
    else this.#accepted = { ballot, state: accepted.state };
    return true;
  }
}

/** How far `promised` is above `ballot`, if only its counter differs, so that no object is kept for it. */
function above(ballot: Ballot | undefined, promised: Ballot): Ballot | number {
  return promised.life === ballot?.life ? promised.counter - ballot.counter : promised;
}

/** What was accepted, as it is kept: in short, if it is a short value that lasts for good. */
function inShort(accepted: Accepted | null): Accepted | ShortAccepted | null {
  if (accepted === null || !accepted.state.present) return accepted;
  const { value, bindings, owners } = accepted.state;
  const lasts = bindings.length === 0 && owners.length === 0;
  return lasts && value.length <= MAX_TEXT ? new ShortAccepted(accepted) : accepted;
}

/** An array for the characters of each text, by its length. */
const characters: number[][] = [];

/** One character for each byte. */
function textOf(bytes: Uint8Array): string {
  const { length } = bytes;
  const units = characters[length] ??= new Array<number>(length).fill(0);
  for (let i = 0; i < length; i++) units[i] = bytes[i];
  return String.fromCharCode.apply(null, units);
}

/** The state of each of them, without the value. */
const LASTING = { present: true, bindings: NO_BINDINGS, owners: NO_OWNERS } as const;

/** An accepted value without bindings, in one object. */
class ShortAccepted implements Outline {
  readonly counter: number;
  readonly life: Life;
  /** How far the tokens are below the counter: small numbers take no memory of their own. */
  readonly token: number;
  readonly over: number;
  readonly op: OperationId;
  /** One character for each byte. */
  readonly text: string;
  fast: true | undefined;

  constructor({ ballot, state, fast }: Accepted) {
    assertInvariant(state.present, "only a value is kept in short");
    this.counter = ballot.counter;
    this.life = ballot.life;
    this.token = ballot.counter - state.token;
    this.over = ballot.counter - state.over;
    this.op = state.op;
    this.text = textOf(state.value);
    this.fast = fast;
  }

  get state(): Outline["state"] {
    return LASTING;
  }

  get ballot(): Ballot {
    return { counter: this.counter, life: this.life };
  }

  get whole(): Accepted {
    const { ballot, counter, op, text } = this;
    const value = new Uint8Array(text.length);
    for (let i = 0; i < value.length; i++) value[i] = text.charCodeAt(i);
    const [token, over] = [counter - this.token, counter - this.over];
    const [bindings, owners] = [NO_BINDINGS, NO_OWNERS];
    const state = { present: true, token, over, op, value, bindings, owners } as const;
    return this.fast === true ? { ballot, state, fast: true } : { ballot, state };
  }
}
