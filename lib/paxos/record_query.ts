import { type Configuration, firstConfiguration, isNewer, votersOf } from "./configuration.ts";
import type { Life } from "./ballot.ts";
import type { KnownIncarnations } from "./incarnations.ts";
import type { GenesisRecord, GenesisReply } from "./messages.ts";
import { majority } from "./quorum.ts";
import { sameMembers } from "./genesis.ts";

/** The answer of a majority of the members about the record that the cluster lives under. */
export type RecordQueryOutcome =
  | {
    readonly type: "record";
    readonly record: GenesisRecord;
    /** The newest configuration that was told, and the incarnations that were told. */
    readonly configuration: Configuration;
    readonly incarnations: KnownIncarnations;
  }
  | { readonly type: "notAMember" }
  | { readonly type: "membersMismatch"; readonly members: readonly string[] };

/** Whom a node has to hear before it believes in another record than its own. */
export interface Doubt {
  /** The record that the node lives under; `null`: none. */
  readonly record: string | null;
  /** Of one of these lists a majority has to tell of it. */
  readonly lists: readonly (readonly string[])[];
}

/**
 * One question for the record, by a node that has none to recover under: a client, or a node that hears of
 * another genesis. The answer of a majority is believed: of the newest configuration that is told with it, and of a
 * list that the node itself knows. A single process that has lost its memory could be all of the former.
 */
export class RecordQuery {
  readonly #members: readonly string[];
  readonly #without: string | undefined;
  readonly #doubt: Doubt | undefined;
  readonly #answers = new Map<string, RecordQueryOutcome>();
  /** The nodes that may answer: those that were asked first, and the members that are told of. */
  readonly #askable: Set<string>;

  /**
   * Counts the answers of `members`, and of those that they tell of, to one question. `without`: this node, which knows
   * no record. If it is a member, the answers of a majority of the others are enough. `doubt`: what it takes to believe
   * in another record; absent: no more than that.
   */
  constructor(members: readonly string[], without?: string, doubt?: Doubt) {
    this.#members = members;
    this.#without = without;
    this.#doubt = doubt;
    this.#askable = new Set(members);
  }

  /** All nodes to ask; more after an answer that tells of other members. */
  get askable(): readonly string[] {
    return [...this.#askable];
  }

  /** Whether a majority of `list` has told of this record. */
  isToldBy(list: readonly string[], record: string): boolean {
    const others = list.filter((id) => id !== this.#without);
    const tells = (id: string) => {
      const answer = this.#answers.get(id);
      return answer?.type === "record" && answer.record.id === record;
    };
    return others.filter(tells).length >= majority(others.length);
  }

  /** Counts an answer; returns the outcome once a majority agrees on it. */
  receive(from: string, reply: GenesisReply): RecordQueryOutcome | undefined {
    if (!this.#askable.has(from)) return undefined;
    const answer = toOutcome(reply);
    if (answer === undefined) return undefined;
    this.#answers.set(from, answer);
    if (answer.type === "record") return this.#record(answer);
    let agreeing = 0;
    for (const other of this.#answers.values()) if (sameOutcome(other, answer)) agreeing++;
    // The majority of the shorter of both lists: members of a shorter list need fewer answers.
    const count = answer.type === "membersMismatch"
      ? Math.min(answer.members.length, this.#members.length)
      : this.#members.length;
    return agreeing >= majority(count) ? answer : undefined;
  }

  /** Counts the members of the newest configuration that live under the record of `answer`. */
  #record(answer: RecordQueryOutcome & { type: "record" }): RecordQueryOutcome | undefined {
    let { configuration } = answer;
    const incarnations: (readonly [string, Life])[] = [];
    for (const other of this.#answers.values()) {
      if (other.type !== "record" || other.record.id !== answer.record.id) continue;
      incarnations.push(...other.incarnations);
      if (isNewer(other.configuration, configuration)) ({ configuration } = other);
    }
    const voters = votersOf(configuration);
    for (const voter of voters) this.#askable.add(voter);
    const { id } = answer.record;
    if (!this.isToldBy(voters, id) || !this.#isBeyondDoubt(id)) return undefined;
    return { ...answer, configuration, incarnations };
  }

  #isBeyondDoubt(record: string): boolean {
    const doubt = this.#doubt;
    if (doubt === undefined || doubt.record === record) return true;
    return doubt.lists.some((list) => this.isToldBy(list, record));
  }
}

function toOutcome(reply: GenesisReply): RecordQueryOutcome | undefined {
  if (reply.type === "record") {
    const { record, members, configuration, incarnations = [] } = reply;
    if (configuration !== undefined) return { type: "record", record, configuration, incarnations };
    if (record.lives.length !== members.length) return undefined;
    const first = firstConfiguration(members, record.lives);
    return { type: "record", record, configuration: first, incarnations };
  }
  if (reply.type === "notAMember") return { type: "notAMember" };
  if (reply.type === "membersMismatch") return { type: reply.type, members: reply.members };
  return undefined;
}

function sameOutcome(a: RecordQueryOutcome, b: RecordQueryOutcome): boolean {
  if (a.type === "membersMismatch" && b.type === "membersMismatch") {
    return sameMembers(a.members, b.members);
  }
  return a.type === b.type;
}
