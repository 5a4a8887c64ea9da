import { SynodError } from "../../errors.ts";
import { type Configuration, firstConfiguration } from "../../paxos/configuration.ts";
import type { KnownIncarnations } from "../../paxos/incarnations.ts";
import type { GenesisRecord, GenesisReply, Header, Reply } from "../../paxos/messages.ts";
import { RecordQuery, type RecordQueryOutcome } from "../../paxos/record_query.ts";
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
  #cancelTimer: () => void = () => {};

  /** Asks nothing before `start` or `doubt`. */
  constructor(engine: Engine, events: RecordQueryEvents) {
    this.#engine = engine;
    this.#events = events;
  }

  /** Asks again and again, until this node lives under a record. */
  start(): void {
    this.#isStarted = true;
    this.#again(FIRST_WAIT);
  }

  #again(wait: number): void {
    this.#cancelTimer();
    if (this.#engine.record !== null) return;
    this.#ask();
    const { runtime } = this.#engine;
    this.#cancelTimer = runtime.setTimer(
      () => this.#again(Math.min(LONGEST_WAIT, wait * 2)),
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
    const query = new RecordQuery(known, record === null ? self : undefined);
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
