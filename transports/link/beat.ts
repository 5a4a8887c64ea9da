import type { TransportUser } from "../transport.ts";

/** What nodes are set to unless they are told otherwise, in milliseconds. */
const DEFAULT_TTL = 5_000;

/** Beats in the time to live of a session: three silent ones, the next attempt and the handshake fit in. */
const BEATS = 5;

/** The shortest beat, in milliseconds: a busy peer is silent for so long now and then. */
const SHORTEST = 100;

/** The longest, in milliseconds: connections that few need are kept open by proxies for about a minute. */
const LONGEST = 5_000;

/** Silent beats after which the other side is taken for dead. */
export const PATIENCE = 3;

/** How long requests wait, in milliseconds. */
export interface RequestTimes {
  /** The other side holds a request for so long at most, if there is nothing to say. */
  readonly hold: number;
  /** How much longer than it should take a response is waited for. */
  readonly patience: number;
}

/** The longest that a request is held: a server of Bun ends one after ten seconds of silence. */
export const LONGEST_HOLD = 7_000;

/** The bounds of the rest, in milliseconds: a request takes its time, and so does a busy machine. */
const SHORTEST_HOLD = 250;
const SHORTEST_PATIENCE = 1_500;
const LONGEST_PATIENCE = 5_000;

/** Both together are about four beats: a request that is lost is noticed within a time to live. */
export function requestTimesOf(user: TransportUser | undefined): RequestTimes {
  const beat = beatOf(user);
  return {
    hold: Math.min(LONGEST_HOLD, Math.max(SHORTEST_HOLD, 1.25 * beat)),
    patience: Math.min(LONGEST_PATIENCE, Math.max(SHORTEST_PATIENCE, 2.5 * beat)),
  };
}

/** After so many milliseconds without a word from the other side it is asked for one. */
export function beatOf(user: TransportUser | undefined): number {
  const ttl = user?.sessionTtl ?? DEFAULT_TTL;
  return Math.min(LONGEST, Math.max(SHORTEST, ttl / BEATS));
}
