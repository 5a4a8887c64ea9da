import type { Life } from "../paxos/ballot.ts";
import type { SessionId } from "../paxos/register.ts";
import type { MemberState } from "../paxos/genesis.ts";
import type { Engine, FrameCounts } from "../node/engine/engine.ts";

/** The state of one member. */
export interface MemberStatus {
  /** Its id. */
  id: string;
  /** Whether it has answered this request. */
  reachable: boolean;
  /** `operational`: it votes. `recovering`: it copies its memory. `blank`: it waits for the first start. */
  state: MemberState | "unknown";
  /** The life in which its memory began, while it votes; otherwise `null`. */
  incarnation: Life | null;
}

/** The state of a node and its cluster; plain data. */
export interface ClusterStatus {
  /** The id of the node. */
  id: string;
  /** The id of this start of the node. */
  life: Life;
  /** Whether the node's session is valid at this instant. */
  hasQuorum: boolean;
  /** The members, in the order of the list. */
  members: MemberStatus[];
  /**
   * Without a quorum: the members that do not vote as far as known, or, if this node knows of no start of the
   * cluster, those that do not answer. Empty with a quorum.
   */
  waitingFor: string[];
  /** The node's session, and the time until its deadline in milliseconds; `null` without a quorum. */
  session: { id: SessionId; remaining: number } | null;
  /** The number of keys, locks and singletons for which this member keeps state; 0 for a client. */
  entries: number;
  /** The size of that state in bytes, as counted for `maxBytes`; 0 for a client. */
  bytes: number;
  /** The numbers of processes that live in this node, locks that it holds, and singletons that it runs. */
  owned: { processes: number; locks: number; singletons: number };
  /** Frame counts since the start of the node. */
  frames: FrameCounts;
}

/** Time that members have to answer, in milliseconds; two round trips where these are longer. */
const ANSWER_TIME = 500;
const ANSWER_ROUND_TRIPS = 2;

/**
 * Asks every member for its state. Resolves when all have answered, or after the longer of half a second and two usual
 * round trips. `own` is the state of this node; `null` for a client.
 */
export async function askMembers(
  engine: Engine,
  own: MemberState | null,
  roundTrip: number,
): Promise<MemberStatus[]> {
  const { members, self, pendingReplies, runtime } = engine;
  const states = new Map<string, MemberStatus>();
  const late = new Error("members have not answered in time");
  const timeToAnswer = Math.max(ANSWER_TIME, ANSWER_ROUND_TRIPS * roundTrip);
  const answered = engine.operation<void>({ deadline: runtime.now() + timeToAnswer }, () => late);
  const note = (status: MemberStatus) => {
    states.set(status.id, status);
    if (states.size === members.length) answered.resolve();
  };
  const requestId = pendingReplies.open((id, header, reply) => {
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
    id: requestId,
    type: "enquire",
    members,
    purpose: "record",
    round: 1,
  });
  if (own !== null) {
    const incarnation = engine.voter?.incarnation ?? null;
    note({ id: self, reachable: true, state: own, incarnation });
  }
  // After the time limit, on `close` or after a fatal error, the answers so far are used.
  await answered.promise.catch(() => {});
  pendingReplies.close(requestId);
  return members.map((id) => states.get(id) ?? unknown(id));
}

function unknown(id: string): MemberStatus {
  return { id, reachable: false, state: "unknown", incarnation: null };
}
