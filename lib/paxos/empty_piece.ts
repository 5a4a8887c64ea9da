import type { Incarnations } from "./incarnations.ts";
import type { GenesisReply } from "./messages.ts";

/**
 * The copy of a node that joins and goes on from its disk, which has noted the crash of the asker: it knows of no
 * admission, and has no vote.
 */
export function emptyPiece(announcement: number, incarnations: Incarnations): GenesisReply {
  const { entries: vector, rest: former } = incarnations;
  const last = { fenced: [], floor: 0, ended: [], over: [], vector, former, wait: 0 };
  return { type: "piece", announcement, registers: [], last };
}
