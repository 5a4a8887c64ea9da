import { SynodError } from "../../errors.ts";
import { type Configuration, firstConfiguration, votersOf } from "../../paxos/configuration.ts";
import type { KnownIncarnations } from "../../paxos/incarnations.ts";
import type { GenesisRecord, GenesisReply, Header, Reply } from "../../paxos/messages.ts";
import { type Doubt, RecordQuery, type RecordQueryOutcome } from "../../paxos/record_query.ts";
import type { Engine } from "../engine/engine.ts";

/** Events for the answers of a majority. */
export interface RecordQueryEvents {
  /** The cluster lives under `record`, which is not the one that this node lives under, and this configuration. */
  readonly otherRecord: (
    record: GenesisRecord,
    configuration: Configuration,
    incarnations: KnownIncarnations,
  ) => void;
  /** A majority lists other members, as far as it knows no cluster. */
  readonly otherList: (error: SynodError) => void;
  /** Nothing can succeed in the present state. */
  readonly fatal: (error: SynodError) => void;
}

/** Waits between two questions, in milliseconds. */
const FIRST_WAIT = 20;
const LONGEST_WAIT = 1_000;

/**
 * Wait between two questions of a client that follows what a minority of the list that it was given tells, in
 * milliseconds: the others may not have been up.
 */
const UNSURE_WAIT = 5_000;

/** Time for the members of the given list to answer, before fewer than a majority of them are believed, in milliseconds. */
const LIST_TIME = 1_000;

/**
 * Questions open at the same time, asked one a second: an answer may take longer than the wait for the next
 * one, up to the longest round trip.
 */
const MAX_OPEN = 40;

/**
 * Asks the members which record they live under, and believes a majority: for a client, which has no part in
 * the genesis, and for a node that hears of another record.
 */
export class RecordQueries {
  readonly #engine: Engine;
  readonly #events: RecordQueryEvents;
  /** Oldest first. */
  readonly #open: number[] = [];
  #asked = -Infinity;
  #isStarted = false;
  #startedAt = 0;
  /** Whether no majority of the given list has told of the record that this client lives under. */
  #isUnsure = false;
  #cancelTimer: () => void = () => {};

  /** Asks nothing before `start` or `doubt`. */
  constructor(engine: Engine, events: RecordQueryEvents) {
    this.#engine = engine;
    this.#events = events;
  }

  /** Asks again and again, until this node lives under a record. */
  start(): void {
    this.#isStarted = true;
    this.#startedAt = this.#engine.runtime.now();
    this.#again(FIRST_WAIT);
  }

  #again(wait: number): void {
    this.#cancelTimer();
    const { runtime, record } = this.#engine;
    if (record !== null && !this.#isUnsure) return;
    this.#ask();
    const next = record === null ? Math.min(LONGEST_WAIT, wait * 2) : UNSURE_WAIT;
    this.#cancelTimer = runtime.setTimer(
      () => this.#again(next),
      wait * (0.75 + 0.5 * runtime.random()),
    );
  }

  /** Asks if there seems to be another record, or no place for this node; at most once per `LONGEST_WAIT`. */
  recheck(): void {
    if (this.#engine.runtime.now() - this.#asked >= LONGEST_WAIT) this.#ask();
  }

  /** A way to a member has opened: asks again, if this node knows no record. */
  reached(): void {
    if (this.#isStarted) this.#again(FIRST_WAIT);
  }

  /** Sends no more questions, and takes no more answers. */
  stop(): void {
    this.#isStarted = false;
    this.#cancelTimer();
    this.#close();
  }

  #ask(): void {
    const { pendingReplies, members, settings, self, runtime, record } = this.#engine;
    this.#asked = runtime.now();
    const known = [...new Set([...settings.members, ...members])];
    const query = new RecordQuery(known, record === null ? self : undefined, this.#doubt());
    const asked = new Set([self]);
    const askOthers = () => {
      const others = query.askable.filter((node) => !asked.has(node));
      for (const node of others) asked.add(node);
      this.#engine.ask(others, request);
    };
    const id = pendingReplies.open((from, header, reply) => {
      const outcome = from === self
        ? this.#successor(header, reply)
        : query.receive(from, reply as GenesisReply);
      if (outcome === undefined) return askOthers();
      if (outcome.type === "record" && from !== self && this.#isStarted) {
        const { id } = outcome.record;
        const isOther = id !== this.#engine.record?.id;
        this.#isUnsure = (isOther || this.#isUnsure) && !query.isToldBy(settings.members, id);
        // More answers may show what the rest of the given list lives under.
        if (!isOther && this.#isUnsure) {
          this.#conclude(outcome);
          return askOthers();
        }
      }
      this.#close();
      this.#conclude(outcome);
    });
    const request = {
      id,
      type: "enquire",
      members: settings.members,
      purpose: "record",
      round: 1,
    } as const;
    this.#open.push(id);
    while (this.#open.length > MAX_OPEN) pendingReplies.close(this.#open.shift()!);
    askOthers();
    if (members.includes(self)) this.#engine.askOwnId(request);
  }

  /**
   * A node leaves its record only if a majority of the members that it knows tells of another: a single process that has
   * lost its memory may have begun a cluster of itself alone. A client that has no record waits for a majority of the
   * list that it was given, though not for long: the cluster may have other members since. Until it has heard of such a
   * majority, that may show it another record.
   */
  #doubt(): Doubt | undefined {
    const { settings, configuration, record, runtime } = this.#engine;
    if (record !== null) {
      const lists = [votersOf(configuration)];
      if (this.#isUnsure) lists.push(settings.members);
      return { record: record.id, lists };
    }
    if (runtime.now() - this.#startedAt >= LIST_TIME) return undefined;
    return { record: null, lists: [settings.members] };
  }

  /**
   * The record of a later process under this node's own id that votes: that process has this one's place,
   * regardless of the others' answers. With older and later processes of all members, each record might find a
   * majority of them for ever.
   */
  #successor(header: Header, reply: Reply): RecordQueryOutcome | undefined {
    if (reply.type !== "record" || header.incarnation === null) return undefined;
    if (header.life <= this.#engine.life) return undefined;
    const { record, members, incarnations = [] } = reply;
    const { configuration = firstConfiguration(members, record.lives) } = reply;
    return { type: "record", record, configuration, incarnations };
  }

  #conclude(outcome: RecordQueryOutcome): void {
    const { self, record } = this.#engine;
    switch (outcome.type) {
      case "record": {
        const { configuration, incarnations } = outcome;
        if (outcome.record.id === record?.id) this.#engine.learn(configuration, incarnations);
        else this.#events.otherRecord(outcome.record, configuration, incarnations);
        return;
      }
      case "notAMember": {
        const message = `Node ${self} is not one of the members, and the cluster has no clients`;
        this.#events.fatal(new SynodError("not_a_member", message));
        return;
      }
      case "membersMismatch":
        this.#events.otherList(mismatch(this.#engine, "a majority", outcome.members));
    }
  }

  #close(): void {
    for (const id of this.#open.splice(0)) this.#engine.pendingReplies.close(id);
  }
}

/** The error for member lists that differ. */
export function mismatch(engine: Engine, node: string, members: readonly string[]): SynodError {
  return new SynodError(
    "members_mismatch",
    `Node ${engine.self} lists the members ${engine.settings.members.join(", ")}, but ${node} ` +
      `lists ${members.join(", ")}`,
  );
}
