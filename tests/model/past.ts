import type { Life } from "../../lib/paxos/ballot.ts";
import type { GenesisRecord } from "../../lib/paxos/messages.ts";
import { majority } from "../../lib/paxos/quorum.ts";
import type { Operation } from "./client.ts";
import { type Called, isLinearizable } from "./history.ts";
import type { ProcessAttributes } from "./process_io.ts";

/** Thrown when an invariant is violated. */
export class Violation extends Error {}

/** The facts of the past that the checks need, in addition to the states of the parts. */
export interface Past {
  readonly history: readonly Called[];
  readonly restarts: number;
  readonly ages: number;
  /** The records under which a majority has voted, in order. */
  readonly records: readonly GenesisRecord[];
  /** The lives in which all members were blank at one instant. */
  readonly blank: readonly (readonly Life[])[];
}

/** A client calls an operation. */
export function called(past: Past, client: number, operation: Operation): Past {
  const before = past.history.filter(({ returned }) => returned !== null).length;
  const call = { client, operation, called: before, returned: null, result: "" };
  // By client: the order of calls between two returns has no meaning.
  const history = [...past.history, call].sort((a, b) => a.client - b.client);
  return { ...past, history };
}

/** The latest operation of a client returns; `content` is the initial content. */
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

/** Notes the lives in which all members are blank at this instant, if they are. */
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
  // Sorted: the order of these instants has no meaning.
  const sorted = [...past.blank, ...news].sort((a, b) => a.join() < b.join() ? -1 : 1);
  return { ...past, blank: sorted };
}

/** A record is made: all members must have been blank at one instant in exactly the lives that it names. */
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
 * A member votes under `record`. A majority votes under at most one record, and after that only the loss of a
 * majority leads to another record, which must have a greater floor.
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
    // Processes before the latest one may continue as if there were no later one.
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
 * `member` gives up: fewer than a majority of members may be left that vote under `record` or may still adopt
 * it.
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
