import type { Life } from "../../lib/paxos/ballot.ts";
import type { GenesisRecord } from "../../lib/paxos/messages.ts";
import { majority } from "../../lib/paxos/quorum.ts";
import type { Operation } from "./client.ts";
import { type Called, isLinearizable } from "./history.ts";
import type { ProcessAttributes } from "./process_io.ts";

/** Something that must never happen, happened. */
export class Violation extends Error {}

/** What is remembered of the past to judge by, besides what the parts of the system remember. */
export interface Past {
  readonly history: readonly Called[];
  readonly restarts: number;
  readonly ages: number;
  /** The records under which a majority voted, in this order. */
  readonly records: readonly GenesisRecord[];
  /** The lives in which all members were blank at one instant. */
  readonly blank: readonly (readonly Life[])[];
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

/** Takes note of the lives in which all members are blank at this instant, if they are. */
export function blank(
  past: Past,
  processes: readonly (readonly ProcessAttributes[])[],
): Past {
  let together: Life[][] = [[]];
  for (const those of processes) {
    const lives = those.filter(({ state }) => state === "blank" || state === "recovering")
      .map(({ life }) => life);
    together = together.flatMap((before) => lives.map((life) => [...before, life]));
  }
  const known = new Set(past.blank.map((lives) => lives.join()));
  const news = together.filter((lives) => !known.has(lives.join()));
  if (news.length === 0) return past;
  // When they were does not matter, only that they were.
  const sorted = [...past.blank, ...news].sort((a, b) => a.join() < b.join() ? -1 : 1);
  return { ...past, blank: sorted };
}

/** A record is made: all members were blank at one instant, in just the lives that it names. */
export function made(
  past: Past,
  record: GenesisRecord,
  processes: readonly (readonly ProcessAttributes[])[],
): Past {
  const lives = record.lives.join();
  if (!past.blank.some((together) => together.join() === lives)) {
    throw new Violation(`record ${record.id} names ${lives}, which were not blank at one instant`);
  }
  return entered(past, record, processes);
}

/**
 * A member votes under `record`: at most one record is lived under by a majority, and once it was, only
 * the loss of a majority brings another one, with a greater floor.
 */
export function entered(
  past: Past,
  record: GenesisRecord,
  processes: readonly (readonly ProcessAttributes[])[],
): Past {
  const live = processes.map((those) => those.filter(({ state }) => state === "operational"));
  const underIt = live.filter((those) => those.some((one) => one.record!.id === record.id));
  if (underIt.length < majority(processes.length)) return past;
  const { records } = past;
  const latest = records.at(-1);
  if (latest?.id === record.id) return past;
  if (records.some(({ id }) => id === record.id)) {
    throw new Violation(`a majority votes under record ${record.id} again, after ${latest?.id}`);
  }
  if (latest !== undefined && record.floor <= latest.floor) {
    throw new Violation(`record ${record.id} has no greater floor than ${latest.id}`);
  }
  for (const [member, those] of processes.entries()) {
    // Processes before the latest live on as if there were none after them.
    const newest = those.findLast(({ state }) => state !== "idle");
    if (newest?.state === "operational" && newest.record!.id !== record.id) {
      const other = `m${member} votes under ${newest.record!.id}`;
      throw new Violation(`a majority votes under record ${record.id}, while ${other}`);
    }
  }
  const others = live.filter((those) => those.some((one) => one.record!.id !== record.id));
  if (others.length >= majority(processes.length)) {
    throw new Violation(`a majority votes under record ${record.id}, and one under others`);
  }
  return { ...past, records: [...records, record] };
}

/**
 * `member` gives up: so few members are left that vote under `record`, or may still adopt it, that it can never be
 * lived under again.
 */
export function checkLost(
  record: GenesisRecord,
  member: number,
  processes: readonly (readonly ProcessAttributes[])[],
): void {
  const left = processes.filter((those, other) =>
    other === member ||
    those.some(({ state, life, record: its }) =>
      state === "operational" ? its!.id === record.id : record.lives[other] === life
    )
  );
  if (left.length < majority(processes.length)) return;
  throw new Violation(`m${member} gives up, though a majority has not lost its memory`);
}
