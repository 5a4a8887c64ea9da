import type { GenesisRecord, GenesisReply } from "./messages.ts";
import { majority } from "./quorum.ts";
import { sameMembers } from "./genesis.ts";

/** The answer of a majority of the members about the record that the cluster lives under. */
export type RecordQueryOutcome =
  | { readonly type: "record"; readonly record: GenesisRecord }
  | { readonly type: "notAMember" }
  | { readonly type: "membersMismatch"; readonly members: readonly string[] };

/**
 * One question for the record, by a node that has none to recover under: a client, or a node that hears of
 * another genesis. The answer of a majority is believed.
 */
export class RecordQuery {
  readonly #members: readonly string[];
  readonly #answers = new Map<string, RecordQueryOutcome>();

  /** Counts the answers of `members` to one question. */
  constructor(members: readonly string[]) {
    this.#members = members;
  }

  /** Counts an answer; returns the outcome once a majority agrees on it. */
  receive(from: string, reply: GenesisReply): RecordQueryOutcome | undefined {
    if (!this.#members.includes(from)) return undefined;
    const answer = toOutcome(reply);
    if (answer === undefined) return undefined;
    if (answer.type === "record" && answer.record.lives.length !== this.#members.length) {
      return undefined;
    }
    this.#answers.set(from, answer);
    let agreeing = 0;
    for (const other of this.#answers.values()) if (sameOutcome(other, answer)) agreeing++;
    // The majority of the shorter of both lists: members of a shorter list need fewer answers.
    const count = answer.type === "membersMismatch"
      ? Math.min(answer.members.length, this.#members.length)
      : this.#members.length;
    return agreeing >= majority(count) ? answer : undefined;
  }
}

function toOutcome(reply: GenesisReply): RecordQueryOutcome | undefined {
  if (reply.type === "record") return { type: "record", record: reply.record };
  if (reply.type === "notAMember") return { type: "notAMember" };
  if (reply.type === "membersMismatch") return { type: reply.type, members: reply.members };
  return undefined;
}

function sameOutcome(a: RecordQueryOutcome, b: RecordQueryOutcome): boolean {
  if (a.type === "record" && b.type === "record") return a.record.id === b.record.id;
  if (a.type === "membersMismatch" && b.type === "membersMismatch") {
    return sameMembers(a.members, b.members);
  }
  return a.type === b.type;
}
