import type { TransportUser } from "../transport.ts";

/** The default TTL of a node's session, in milliseconds. */
const DEFAULT_TTL = 5_000;

/** Beats per session TTL: three silent ones, the next attempt and the handshake fit in. */
const BEATS_PER_TTL = 5;

/** The shortest beat, in milliseconds: a busy peer is sometimes silent for that long. */
const SHORTEST_BEAT = 100;

/** The longest beat, in milliseconds: well below the idle timeout of proxies, about a minute. */
const LONGEST_BEAT = 5_000;

/** Silent beats after which the other side is considered dead. */
export const MAX_SILENT_BEATS = 3;

/** Looks per beat, and the shortest time between two, in milliseconds: a busy machine is slower than that. */
const LOOKS_PER_BEAT = 4;
const SHORTEST_LOOK = 100;

/** Time limits of requests, in milliseconds. */
export interface RequestTimes {
  /** The longest time that the other side holds a request if it has no frames. */
  readonly hold: number;
  /** The time to wait for a response beyond the time that it should take. */
  readonly grace: number;
  /** The time after which a response that should have come is overdue: another way is tried beside it. */
  readonly overdue: number;
}

/** The longest hold time, in milliseconds: the server of Bun ends a request after ten idle seconds. */
export const LONGEST_HOLD = 7_000;

/** The other bounds, in milliseconds: each leaves time for the request itself and for a busy machine. */
const SHORTEST_HOLD = 250;
const SHORTEST_GRACE = 1_500;
const LONGEST_GRACE = 5_000;

/** Looks after which a response is overdue. */
const OVERDUE_LOOKS = 2;

/** Hold and grace add up to about four beats, so a lost request is detected within a session TTL. */
export function requestTimesOf(user: Pick<TransportUser, "sessionTtl"> | undefined): RequestTimes {
  const beat = beatOf(user);
  return {
    hold: Math.min(LONGEST_HOLD, Math.max(SHORTEST_HOLD, 1.25 * beat)),
    grace: Math.min(LONGEST_GRACE, Math.max(SHORTEST_GRACE, 2.5 * beat)),
    overdue: OVERDUE_LOOKS * lookOf(user),
  };
}

/** The interval in milliseconds after which a silent peer is asked for a sign of life. */
export function beatOf(user: Pick<TransportUser, "sessionTtl"> | undefined): number {
  const ttl = user?.sessionTtl ?? DEFAULT_TTL;
  return Math.min(LONGEST_BEAT, Math.max(SHORTEST_BEAT, ttl / BEATS_PER_TTL));
}

/** The interval in milliseconds after which it is looked at whether what was sent is answered. */
export function lookOf(user: Pick<TransportUser, "sessionTtl"> | undefined): number {
  return Math.max(SHORTEST_LOOK, beatOf(user) / LOOKS_PER_BEAT);
}
