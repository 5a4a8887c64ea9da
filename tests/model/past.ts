import type { Life } from "../../lib/paxos/ballot.ts";
import type { GenesisRecord } from "../../lib/paxos/messages.ts";
import type { Operation } from "./client.ts";
import { type Called, isLinearizable } from "./history.ts";
import type { ProcessAttributes } from "./process.ts";

/** Something that must never happen, happened. */
export class Violation extends Error {}

/** What is remembered of the past to judge by, besides what the parts of the system remember. */
export interface Past {
  readonly history: readonly Called[];
  readonly restarts: number;
  readonly ages: number;
  /** The records that were made, in this order. */
  readonly records: readonly GenesisRecord[];
  /**
   * For each process of the first member whose second round runs: the lives in which each member was
   * blank when that began.
   */
  readonly blank: readonly (readonly (readonly Life[])[] | null)[];
}

/** A client calls an operation. */
export function called(past: Past, client: number, operation: Operation): Past {
  const before = past.history.filter(({ returned }) => returned !== null).length;
  const call = { client, operation, called: before, returned: null, result: "" };
  // By client: in which order calls came between two returns means nothing.
  const history = [...past.history, call].sort((a, b) => a.client - b.client);
  return { ...past, history };
}

/** The latest operation of a client returns; `content` is what was there before everything. */
export function returned(past: Past, client: number, result: string, content: string): Past {
  const index = past.history.findLastIndex((call) => call.client === client);
  const before = past.history.filter(({ returned }) => returned !== null).length;
  const history = past.history.with(index, {
    ...past.history[index],
    returned: before + 1,
    result,
  });
  if (!isLinearizable(history, content)) {
    const results = history.map(({ operation: { kind, letter }, called, returned, result }) =>
      `${kind} ${letter}, called after ${called} returns, ` +
      (returned === null ? "did not return" : `returned "${result}" as number ${returned}`)
    );
    throw new Violation(`not linearizable: ${results.join("; ")}`);
  }
  return { ...past, history };
}

/** A second round of questions begins; `processes` are those of each member. */
export function secondRound(
  past: Past,
  leader: number,
  processes: readonly (readonly ProcessAttributes[])[],
): Past {
  const lives = processes.map((those) =>
    those.filter(({ state }) => state === "blank" || state === "recovering").map(({ life }) => life)
  );
  return { ...past, blank: past.blank.with(leader, lives) };
}

/**
 * A record is made: all members were blank at one instant, in just the lives that it names, and its floor is
 * above that of the one before.
 */
export function made(
  past: Past,
  record: GenesisRecord,
  leader: number,
  processes: readonly (readonly ProcessAttributes[])[],
): Past {
  const blank = past.blank[leader];
  const wereBlank = record.lives.every((life, member) => blank?.[member].includes(life));
  if (!wereBlank) {
    throw new Violation(
      `record ${record.id} names the lives ${record.lives.join()}, but when its second round ` +
        `began these were blank: ${blank?.map((lives) => lives.join(" or ") || "none").join("; ")}`,
    );
  }
  const before = past.records.at(-1);
  if (before !== undefined && record.floor <= before.floor) {
    throw new Violation(`record ${record.id} has no greater floor than ${before.id}`);
  }
  for (const [member, those] of processes.entries()) {
    // An earlier process of the first member may live on, and believe in its own record.
    if (member === 0) continue;
    const other = those.find((one) => one.state === "operational" && one.record!.id !== record.id);
    if (other !== undefined) {
      throw new Violation(`record ${record.id} is made while m${member} votes under another one`);
    }
  }
  return {
    ...past,
    records: [...past.records, record],
    blank: past.blank.with(leader, null),
  };
}

/** A member votes under a record that it did not make: it must be the latest, and nobody else's. */
export function entered(past: Past, record: GenesisRecord, process: string): Past {
  const latest = past.records.at(-1);
  if (latest?.id !== record.id) {
    throw new Violation(`${process} begins to vote under record ${record.id}, not ${latest?.id}`);
  }
  return past;
}
