import type { Reply, Request } from "../../paxos/messages.ts";

/**
 * What the sender of a frame is to a node. `member`: it votes, and is believed. `client`: no member, let in
 * by the record of this very genesis. `outsider`: any other node.
 */
export type Standing = "outsider" | "client" | "member";

const RANKS: Readonly<Record<Standing, number>> = { outsider: 0, client: 1, member: 2 };

/**
 * The least that a node has to be to ask each question. A client proposes, reads, watches and has a session;
 * genesis, recovery, forgetting and relayed messages are matters of members.
 */
const ASKERS: Readonly<Record<Request["type"], Standing>> = {
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

/** Whether a node of that standing may ask this. */
export function mayAsk(standing: Standing, request: Request): boolean {
  // Only a question for the record voids nothing at the node that answers it.
  if (request.type === "enquire" && request.purpose !== "record") return standing === "member";
  return RANKS[standing] >= RANKS[ASKERS[request.type]];
}

/** Whether a node of that standing may answer this: a client answers only what concerns its processes. */
export function mayAnswer(standing: Standing, reply: Reply): boolean {
  if (reply.type === "told" || reply.type === "handed") return standing !== "outsider";
  return standing === "member";
}
