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
  handover: "client",
  ask: "client",
  relay: "client",
  relayed: "member",
};

/** Whether a node of that role may send this request. */
export function mayAsk(role: Role, request: Request): boolean {
  // Only a question for the record leaves the state of the node that answers it unchanged.
  if (request.type === "enquire" && request.purpose !== "record") return role === "member";
  return RANKS[role] >= RANKS[LOWEST_ROLES[request.type]];
}

/** Whether a node of that role may send this reply: a client answers only requests about its processes. */
export function mayAnswer(role: Role, reply: Reply): boolean {
  if (reply.type === "told" || reply.type === "handed") return role !== "outsider";
  return role === "member";
}
