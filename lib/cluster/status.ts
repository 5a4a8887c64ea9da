import type { Life } from "../paxos/ballot.ts";
import type { SessionId } from "../paxos/register.ts";
import type { MemberState } from "../paxos/genesis.ts";
import { type Configuration, votersOf } from "../paxos/configuration.ts";
import { majority } from "../paxos/quorum.ts";
import type { StorageState } from "../node/membership/member_disk.ts";
import type { Engine } from "../node/engine/engine.ts";
import type { FrameCounts } from "../node/engine/network.ts";

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
  /**
   * Why it cannot be reached, for people: for example `"ws://10.0.0.2/synod: 404: …"`. `null` if it is reachable, or if
   * nothing is known.
   */
  lastError: string | null;
  /**
   * Its storage: `"none"`; `"ok"`; `"damaged"`: what was there could not be trusted, and was put aside; `"stale"`: it was
   * from before a later start, or of another cluster, and was put aside. The last two until the member has recovered.
   * `null` if it is not known: a member knows its own.
   */
  storage: StorageState | null;
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
   * What the node waits for. Without a quorum: the ids of the members that do not vote as far as known, or, if this
   * node knows of no start of the cluster, those that do not answer; then in words what else there is, such as the
   * first `maxSessionTtl` of a cluster with clients, or the grant of its session. `"storage in use"` alone, while
   * another process has the storage of this one, which does nothing before. Otherwise empty with a quorum, and only
   * then, unless the node is closed.
   */
  waitingFor: string[];
  /** The id of the cluster's present start; `null` if this node knows of none. */
  genesis: string | null;
  /**
   * How often the configuration of the members was replaced since the start of the cluster; see `changeMembers`. Absent
   * for a guest, which does not know it.
   */
  epoch?: number;
  /** The change of the members that is under way, as far as this node knows; `null`: none. Absent for a guest. */
  change?: { add: string } | { remove: string } | null;
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

/** What a node waits for while another process has its storage. */
export const STORAGE_IN_USE = "storage in use";

/** What a node waits for that knows of no start of the cluster, although all members have answered: they know of none. */
const START = "the members to agree on a start of the cluster";

/** The same, if a member knows of one. */
const NEWS_OF_START = "the members to tell of the start of the cluster";

/** What is left if nothing else is missing. */
const GRANT = "a majority of the members to grant its session";

/** Time that members have to answer, in milliseconds; two round trips where these are longer. */
const ANSWER_TIME = 500;
const ANSWER_ROUND_TRIPS = 2;

/**
 * Asks every member for its state. Resolves when all have answered, or after the longer of half a second and two usual
 * round trips. `own` is the state of this node; `null` for a client. `why` says why a member does not answer. Notes in
 * `roundTrips` how many milliseconds each answer took.
 */
export async function askMembers(
  engine: Engine,
  own: { readonly state: MemberState | null; readonly storage: StorageState },
  roundTrip: number,
  why: (id: string) => string | null,
  roundTrips?: Map<string, number>,
): Promise<MemberStatus[]> {
  const { members, self, pendingReplies, runtime } = engine;
  const states = new Map<string, MemberStatus>();
  const late = new Error("members have not answered in time");
  const timeToAnswer = Math.max(ANSWER_TIME, ANSWER_ROUND_TRIPS * roundTrip);
  const answered = engine.operation<void>({ deadline: runtime.now() + timeToAnswer }, () => late);
  const note = (answer: Omit<MemberStatus, "lastError" | "storage">, storage?: StorageState) => {
    const status = { ...answer, lastError: null, storage: storage ?? null };
    states.set(status.id, status);
    if (states.size === members.length) answered.resolve();
  };
  const asked = runtime.now();
  const requestId = pendingReplies.open((id, header, reply) => {
    if (!members.includes(id)) return;
    roundTrips?.set(id, runtime.now() - asked);
    switch (reply.type) {
      case "record":
        // A member that lives under another genesis is none of this cluster.
        if (engine.record !== null && reply.record.id !== engine.record.id) break;
        return note({ id, reachable: true, state: "operational", incarnation: header.incarnation });
      case "blank": {
        const state = reply.recovering ? "recovering" : "blank";
        return note({ id, reachable: true, state, incarnation: null });
      }
      case "stored":
        return note({ id, reachable: true, state: "recovering", incarnation: null }, "ok");
    }
    note({ ...unknown(id), reachable: true });
  });
  engine.ask(members.filter((id) => id !== self), {
    id: requestId,
    type: "enquire",
    members,
    purpose: "record",
    round: 1,
  });
  if (own.state !== null && members.includes(self)) {
    const incarnation = engine.voter?.incarnation ?? null;
    note({ id: self, reachable: true, state: own.state, incarnation }, own.storage);
  }
  // After the time limit, on `close` or after a fatal error, the answers so far are used.
  await answered.promise.catch(() => {});
  pendingReplies.close(requestId);
  return members.map((id) =>
    states.get(id) ?? { ...unknown(id), lastError: why(id), storage: null }
  );
}

function unknown(id: string): Omit<MemberStatus, "lastError" | "storage"> {
  return { id, reachable: false, state: "unknown", incarnation: null };
}

/** The change of the members in an unsettled configuration; `null` in a settled one. */
export function changeOf(
  { epoch, members, joining, leaving, settled }: Configuration,
): ClusterStatus["change"] {
  if (settled) return null;
  if (leaving !== null) return { remove: leaving.id };
  const added = joining ?? members.find(({ since }) => since === epoch);
  return added === undefined ? null : { add: added.id };
}

/**
 * What a node without a quorum waits for: see `ClusterStatus.waitingFor`; at least one thing.
 * `hasToBeMember`: it asks for no session before it is a member.
 */
export function waitsFor(
  engine: Engine,
  members: readonly MemberStatus[],
  hasToBeMember: boolean,
): string[] {
  const { record, voter, runtime, place } = engine;
  if (hasToBeMember && (place?.standing === "outside" || place?.standing === "joins")) {
    const list = votersOf(engine.configuration).join(", ");
    return [`${engine.self} waits to be added to the members of the cluster, which are ${list}`];
  }
  const missing = members.filter(({ state }) =>
    record === null ? state === "unknown" : state !== "operational"
  );
  const waiting = missing.map(({ id }) => id);
  if (record === null) {
    if (waiting.length > 0) return waiting;
    return [members.some(({ state }) => state === "operational") ? NEWS_OF_START : START];
  }
  const present = members.length - missing.length;
  if (present < majority(members.length)) return waiting;
  // A client does not know how long members wait; the floor of the record tells when the cluster began.
  const age = runtime.wallNow() - record.floor / 1_000;
  const first = record.clients ? Math.max(0, record.maxTtl - age) : 0;
  const wait = voter?.sessions.wait(runtime.now()) ?? first;
  // A member without its memory asks for no session before it has it again.
  if (wait <= 0) return waiting.includes(engine.self) ? waiting : [...waiting, GRANT];
  const why = record.clients && first > 0
    ? `in its first ${record.maxTtl} ms a cluster with clients grants no sessions`
    : "sessions of before may still be valid";
  return [...waiting, `${why} (about ${Math.ceil(wait)} ms left)`];
}
