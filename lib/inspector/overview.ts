import type { NodeParts } from "../cluster/wiring.ts";
import type { ClusterNode } from "../cluster/cluster_node.ts";
import { askMembers, type ClusterStatus, type MemberStatus } from "../cluster/status.ts";

/** Sessions that are shown. */
const MOST_SESSIONS = 500;

/** A member, with how long it took to answer. */
export interface InspectedMember extends MemberStatus {
  /** Milliseconds until it answered; 0 for the node itself; `null`: it has not. */
  roundTrip: number | null;
}

/** A session as the inspected member knows it. */
export interface InspectedSession {
  /** The session. */
  id: string;
  /** Its node, or `~id` of a guest. */
  node: string;
  /** Milliseconds until this member would let it be ended, if it is not renewed. */
  remaining: number;
  /** The ids of the specs that its node can run. */
  hosts: string[];
}

/** The state of a node and its cluster, as the inspector shows it; plain data. */
export interface Overview extends Omit<ClusterStatus, "members"> {
  /** When it was made, in milliseconds since 1970. */
  at: number;
  /** Whether the node votes at present. */
  votes: boolean;
  /** The members, in the order of the list. */
  members: InspectedMember[];
  /** The error that makes every operation fail, if there is one. */
  fatal: { code: string; message: string } | null;
  /** The sessions that this member knows to be alive; none if it does not vote. */
  sessions: InspectedSession[];
  /** How many there are. */
  sessionCount: number;
  /** The guests that it serves; `null`: it serves none. */
  guests: number | null;
}

/** What the inspector shows of a node at first sight. */
export async function overviewOf(node: ClusterNode, parts: NodeParts): Promise<Overview> {
  const { engine, membership, core, contacts, gateway } = parts;
  const roundTrips = new Map<string, number>([[node.id, 0]]);
  const asked = core.closed === undefined
    ? askMembers(engine, membership, core.pacing.roundTrip, (id) => contacts.why(id), roundTrips)
    : Promise.resolve([]);
  const [status, members] = await Promise.all([node.status(), asked]);
  const fatal = core.closed ?? core.fatal;
  const sessions = sessionsOf(parts);
  return {
    ...status,
    at: engine.runtime.wallNow(),
    votes: core.votes,
    members: members.map((member) => ({
      ...member,
      roundTrip: member.reachable ? roundTrips.get(member.id) ?? null : null,
    })),
    fatal: fatal === undefined ? null : { code: fatal.code, message: fatal.message },
    sessions: sessions.slice(0, MOST_SESSIONS),
    sessionCount: sessions.length,
    guests: gateway?.size ?? null,
  };
}

function sessionsOf({ engine: { voter, runtime } }: NodeParts): InspectedSession[] {
  if (voter === null) return [];
  const sessions = Array.from(voter.sessions.alive(runtime.now()), (alive) => {
    const { session, remaining, hosts } = alive;
    const node = session.slice(0, session.indexOf("/"));
    return { id: session, node, remaining, hosts: [...hosts] };
  });
  return sessions.sort((a, b) => a.node < b.node ? -1 : a.node > b.node ? 1 : 0);
}
