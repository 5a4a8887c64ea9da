/** No frame is longer, in bytes; nothing is made of one that is. */
export const MAX_FRAME_BYTES: number = 16 * 1024 * 1024;

/**
 * No frame has more requests, nor more answers: about what takes ten milliseconds to answer. A sender makes
 * several frames of more.
 */
export const MAX_MESSAGES: number = 1_000;

/** No list in a message has more entries: registers, sessions. */
export const MAX_LIST: number = 100_000;

/** No cluster has more members. */
export const MAX_MEMBERS: number = 255;

/** No state has more bindings: there are four kinds. */
export const MAX_BINDINGS: number = 16;

/** No session has a longer time to live, in milliseconds. */
export const MAX_TTL: number = 600_000;

/**
 * The longest that is left of such a time, in milliseconds: the whole of it, and as much again as coarse
 * clocks may be behind.
 */
export const MAX_REST: number = MAX_TTL + 1_000;

/** No node looks longer for a quorum on behalf of another, in milliseconds. */
export const MAX_TIMEOUT: number = 600_000;

/** A node can run singletons of at most so many ids. */
export const MAX_HOSTS: number = 1000;

/** The latest time that a Date can have, in milliseconds since 1970. */
export const MAX_WALL_TIME: number = 8.64e15;
