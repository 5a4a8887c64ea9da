/**
 * One start of a node: its wall clock and random bits, as 20 characters whose order as strings is their order
 * in time. Never reused. Made by {@linkcode makeLife}.
 */
export type Life = string;

/**
 * A proposal number (Lamport, *Paxos Made Simple*, section 2.2). Ordered by `counter`, then by
 * `life`, so two nodes, or two lives of one node, never share one.
 */
export interface Ballot {
  /** A safe integer from 1 to `MAX_COUNTER`. */
  readonly counter: number;
  /** The life of the proposer. */
  readonly life: Life;
}

/**
 * Bound of the counters: frames with a counter of this or more are dropped, so that one flipped bit cannot use
 * up the clock.
 */
export const MAX_COUNTER: number = 2 ** 52;

/**
 * Counters that a node which is not a member may be ahead of the wall clock, or of the floor of the genesis:
 * twelve days of a million counters a second. Far above every honest clock, and far below the last counter.
 */
export const COUNTER_LEAD: number = 2 ** 40;

/**
 * The highest counter that is accepted from a node which is not a member, under a record with this floor, at
 * this wall clock (milliseconds). The node's own counters are not part of it: others could raise the bound with
 * them.
 */
export function counterBound(floor: number, wall: number): number {
  return Math.min(MAX_COUNTER - 1, Math.max(floor, Math.floor(wall * 1_000)) + COUNTER_LEAD);
}

/** A ballot below every ballot that a proposer can choose. */
export const NO_BALLOT: Ballot = Object.freeze({ counter: 0, life: "" });

/**
 * The next ballot, of the same life or of its heir: it is promised with what is accepted at this one, if its proposer asks
 * for that.
 */
export function after({ counter, life }: Ballot, heir: Life = life): Ballot {
  return { counter: counter + 1, life: heir };
}

/** Compares two ballots: negative, zero or positive if `a` is below, equal to or above `b`. */
export function compareBallots(a: Ballot, b: Ballot): number {
  if (a.counter !== b.counter) return a.counter - b.counter;
  return a.life < b.life ? -1 : a.life > b.life ? 1 : 0;
}

/**
 * The promise that stands for "every ballot with a counter of at most `floor`": `~` sorts after every character
 * of a life.
 */
export function floorBallot(floor: number): Ballot {
  return { counter: floor, life: "~" };
}

/** Digits whose order as strings is their order as digits, in every runtime. */
const DIGITS = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

/** The format of a life; anything else from the network is refused. */
export const LIFE_PATTERN: RegExp = /^[-0-9A-Z_a-z]{20}$/;

function digits(value: number, count: number): string {
  let text = "";
  for (let i = 0; i < count; i++) {
    text = DIGITS[value % 64] + text;
    value = Math.floor(value / 64);
  }
  return text;
}

/** Makes a life that starts at `wallTime` (milliseconds since 1970), with random bits from `random`. */
export function makeLife(wallTime: number, random: () => number): Life {
  // 8 digits are 48 bits: milliseconds until the year 10889. 12 digits from three draws of 24 bits
  // each: 72 random bits, since one draw may carry no more than 32.
  const time = digits(Math.max(0, Math.min(2 ** 48 - 1, Math.floor(wallTime))), 8);
  const draw = () => digits(Math.floor(random() * 2 ** 24), 4);
  return time + draw() + draw() + draw();
}

/**
 * Makes a life of the millisecond after `life`, with new random bits, for a node whose clock went back. Throws
 * `RangeError` after the last millisecond that can be represented.
 */
export function lifeAfter(life: Life, random: () => number): Life {
  let time = 0;
  for (const digit of life.slice(0, 8)) time = time * 64 + DIGITS.indexOf(digit);
  if (time + 1 >= 2 ** 48) throw new RangeError("lives are used up");
  return makeLife(time + 1, random);
}

/**
 * The node's one Lamport clock: above every counter that the node has sent or seen, so that a new
 * ballot is rarely refused (Lamport, *Time, Clocks, and the Ordering of Events*, 1978).
 */
export class LamportClock {
  #counter = 0;

  /** The highest counter sent or seen. */
  get counter(): number {
    return this.#counter;
  }

  /** Observes a counter that another node used. */
  observe(counter: number): void {
    if (counter > this.#counter && counter < MAX_COUNTER) this.#counter = counter;
  }

  /** Returns a counter above every one sent or seen; throws `RangeError` when the counters are used up. */
  next(): number {
    if (this.#counter + 1 >= MAX_COUNTER) throw new RangeError("ballot counters are used up");
    return ++this.#counter;
  }
}
