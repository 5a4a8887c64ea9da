import { encodeFrame } from "../../lib/codec.ts";
import { type Life, makeLife } from "../../lib/paxos/ballot.ts";
import type { Frame, Header } from "../../lib/paxos/messages.ts";

/** The bytes of a frame with these header fields and defaults for the others. */
export function frameOf(header: Partial<Header>, rest: Partial<Omit<Frame, "header">> = {}) {
  const life = header.life ?? makeLife(Date.now(), Math.random);
  return encodeFrame({
    header: { clock: 1, genesis: null, epoch: 0, incarnation: null, vector: [], ...header, life },
    requests: [],
    repliesTo: null,
    replies: [],
    ...rest,
  });
}

/** A life that begins in the year 2100 or later: greater than that of every node of a test. */
export function laterLife(year = 2100): Life {
  return makeLife(Date.UTC(year, 0), Math.random);
}
