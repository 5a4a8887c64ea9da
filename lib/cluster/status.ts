import type { Life } from "../paxos/ballot.ts";
import type { SessionId } from "../paxos/register.ts";
import type { MemberState } from "../paxos/genesis.ts";
import type { Engine, FrameCounts } from "../node/engine/engine.ts";

/** What is known of one member. */
export interface MemberStatus {
  /** Its id. */
  id: string;
  /** Whether it answered just now. */
  reachable: boolean;
  /** `operational`: it votes. `recovering`: it copies its memory. `blank`: it waits for the start. */
  state: MemberState | "unknown";
  /** The life that its memory began with, while it votes. */
  incarnation: Life | null;
}

/** How a node and its cluster are; plain data. */
export interface ClusterStatus {
  /** Its id. */
  id: string;
  /** The id of this start of the node. */
  life: Life;
  /** Whether the node's session is valid at this instant. */
  hasQuorum: boolean;
  /** The ids of the members, in order. */
  members: MemberStatus[];
  /** The members without which the cluster cannot go on. */
  waitingFor: string[];
  /** The node's session, and the milliseconds until its deadline. */
  session: { id: SessionId; remaining: number } | null;
  /** For how many keys, locks and singletons this member keeps state; 0 for a client. */
  entries: number;
  /** How many bytes that counts, of at most `maxBytes`; 0 for a client. */
  bytes: number;
  /** How many of each live in this node or are owned by it. */
  owned: { processes: number; locks: number; singletons: number };
  /** Frames since the start of the node. */
  frames: FrameCounts;
}

/** Time that members have to answer, in milliseconds; where round trips are longer, two of those. */
const PATIENCE = 500;
const PATIENCE_ROUND_TRIPS = 2;

/**
 * Asks every member how it is; resolves when all have answered, or after half a second or two of the usual
 * round trips, whichever is longer. `own` is the state of this node, if it is a member.
 */
export async function askMembers(
  engine: Engine,
  own: MemberState | null,
  roundTrip: number,
): Promise<MemberStatus[]> {
  const { members, self, calls, runtime } = engine;
  const states = new Map<string, MemberStatus>();
  const late = new Error("members have not answered in time");
  const patience = Math.max(PATIENCE, PATIENCE_ROUND_TRIPS * roundTrip);
  const answered = engine.operation<void>({ deadline: runtime.now() + patience }, () => late);
  const note = (status: MemberStatus) => {
    states.set(status.id, status);
    if (states.size === members.length) answered.resolve();
  };
  const question = calls.open((id, header, reply) => {
    if (!members.includes(id)) return;
    switch (reply.type) {
      case "record":
        return note({ id, reachable: true, state: "operational", incarnation: header.incarnation });
      case "blank": {
        const state = reply.recovering ? "recovering" : "blank";
        return note({ id, reachable: true, state, incarnation: null });
      }
      default:
        return note({ ...unknown(id), reachable: true });
    }
  });
  engine.ask(members.filter((id) => id !== self), {
    id: question,
    type: "enquire",
    members,
    purpose: "record",
    round: 1,
  });
  if (own !== null) {
    const incarnation = engine.voter?.incarnation ?? null;
    note({ id: self, reachable: true, state: own, incarnation });
  }
  // Late, or the node closes, or nothing can succeed: what is known has to do.
  await answered.promise.catch(() => {});
  calls.close(question);
  return members.map((id) => states.get(id) ?? unknown(id));
}

function unknown(id: string): MemberStatus {
  return { id, reachable: false, state: "unknown", incarnation: null };
}
