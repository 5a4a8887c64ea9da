/** The longest frame, in bytes; a longer one is not decoded. */
export const MAX_FRAME_BYTES: number = 16 * 1024 * 1024;

/** The longest frame between a guest and its gateway, in bytes: the largest value, and what goes with it. */
export const MAX_GUEST_FRAME: number = 9 * 2 ** 20;

/**
 * The most requests, and the most replies, in one frame: handling them takes about ten milliseconds. A
 * sender splits more into several frames.
 */
export const MAX_MESSAGES: number = 1_000;

/** The most entries of a list in a message: registers, sessions, nodes. */
export const MAX_LIST: number = 100_000;

/**
 * The most members of a cluster: every frame of a member names an incarnation of each. It is that of
 * `lib/paxos/member_limits.ts`, which is no part of a guest.
 */
export const MAX_MEMBERS: number = 99;

/** The most bindings of a state; there are four kinds of bindings. */
export const MAX_BINDINGS: number = 16;

/** The longest TTL of a session, in milliseconds. */
export const MAX_TTL: number = 600_000;

/**
 * The longest remaining time of a session in a message, in milliseconds: the longest TTL, and a second for
 * coarse clocks.
 */
export const MAX_REST: number = MAX_TTL + 1_000;

/** The longest time that a node looks for a quorum on behalf of another one, in milliseconds. */
export const MAX_TIMEOUT: number = 600_000;

/** The most ids of singletons that one node can host. */
export const MAX_HOSTS: number = 1000;

/** The latest time of a Date, in milliseconds since 1970. */
export const MAX_WALL_TIME: number = 8.64e15;
