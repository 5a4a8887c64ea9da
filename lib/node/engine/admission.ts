import type { Reply, Request } from "../../paxos/messages.ts";

/**
 * The role of the sender of a frame. `member`: it votes, and is believed. `client`: not a member, but
 * admitted by the record of this genesis. `outsider`: any other node.
 */
export type Role = "outsider" | "client" | "member";

const RANKS: Readonly<Record<Role, number>> = { outsider: 0, client: 1, member: 2 };

/**
 * The lowest role that may send each request. A client proposes, reads, watches and has a session. Genesis,
 * recovery, forgetting and relayed messages are restricted to members.
 */
const LOWEST_ROLES: Readonly<Record<Request["type"], Role>> = {
  prepare: "client",
  accept: "client",
  fast: "client",
  chosen: "client",
  read: "client",
  watch: "client",
  unwatch: "client",
  list: "client",
  forget: "member",
  renew: "client",
  fence: "client",
  look: "client",
  end: "client",
  // A full client is trusted with the cluster: a parent reports its children, member or not.
  over: "client",
  watchLife: "client",
  sessionOf: "client",
  hosts: "client",
  enquire: "outsider",
  incarnation: "member",
  transfer: "member",
  announce: "member",
  // Any node of the cluster may change the members, and any node may become one.
  configure: "client",
  incarnationOf: "client",
  stand: "client",
  inventory: "client",
  raiseFloor: "client",
  handover: "client",
  ask: "client",
  order: "client",
  relay: "client",
  relayed: "member",
};

/** Whether a node of that role may send this request. */
export function mayAsk(role: Role, request: Request): boolean {
  // Only a question for the record leaves the state of the node that answers it unchanged.
  if (request.type === "enquire" && request.purpose !== "record") return role === "member";
  return RANKS[role] >= RANKS[LOWEST_ROLES[request.type]];
}

/**
 * The replies of clients: about their processes, and about changes of the members. A member of a list that the receiver
 * does not know yet counts as a client there.
 */
const OF_CLIENTS: ReadonlySet<Reply["type"]> = new Set<Reply["type"]>([
  ...["told", "handed", "unordered"] as const,
  ...["configured", "newerConfiguration", "unknownEpoch", "standing"] as const,
]);

/**
 * The replies of any node: whether it knows a cluster. The members of a cluster may be in no list that the receiver knows,
 * and members that were removed are in none.
 */
const OF_OUTSIDERS: ReadonlySet<Reply["type"]> = new Set<Reply["type"]>([
  ...["record", "blank", "membersMismatch"] as const,
]);

/** Whether a node of that role may send this reply. */
export function mayAnswer(role: Role, reply: Reply): boolean {
  if (role === "member" || OF_OUTSIDERS.has(reply.type)) return true;
  return role === "client" && OF_CLIENTS.has(reply.type);
}
