import type { Memory } from "./server.ts";

/** The addresses of a member. */
export interface Addresses {
  readonly ws: string;
  readonly http: string;
}

/** The addresses of a member's peers, by id. */
export interface Peers {
  readonly ws: Readonly<Record<string, string>>;
  readonly http: Readonly<Record<string, string>>;
}

/** What a member says about itself. */
export interface State {
  readonly memory: Memory;
  /** The sessions that it lost. */
  readonly lost: number;
  readonly hasQuorum: boolean;
  /** The members that it takes for operational. */
  readonly operational: number;
  /** The value of {@linkcode SETTLED}, or why it cannot be read. */
  readonly settled: string;
  readonly genesis: string;
  /** The frames that it dropped. */
  readonly dropped: number;
}

/** The ids of the members. */
export const MEMBERS: readonly string[] = ["m1", "m2", "m3"];

/**
 * The ids of further peers of all members, at whose addresses the attacker answers. They take turns, since a member does
 * not call one again at once.
 */
export const STAND_INS: readonly string[] = ["m4", "m5", "m6"];

/** A key with a settled value, and the value. */
export const SETTLED = "settled";
export const SETTLED_VALUE = "as it was";

/** A bucket that no guest may use. */
export const CLOSED_BUCKET = "closed";

/** What the attacker's process is told. */
export interface Order {
  /** The place of the attack in the list. */
  readonly attack: number;
  /** How long it lasts, in milliseconds. */
  readonly time: number;
  readonly members: readonly Addresses[];
  readonly genesis: string;
}

/** What it tells when the attack is over: how often it was answered how. */
export type Answers = readonly (readonly [answer: string, count: number])[];

/** The times of the members and of the honest users, in milliseconds. */
export interface Times {
  readonly sessionTtl: number;
  /** The time for which a put looks for a quorum before it fails. */
  readonly timeout: number;
}
