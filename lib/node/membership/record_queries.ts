import { SynodError } from "../../errors.ts";
import type { GenesisRecord, GenesisReply, Header, Reply } from "../../paxos/messages.ts";
import { RecordQuery, type RecordQueryOutcome } from "../../paxos/record_query.ts";
import type { Engine } from "../engine/engine.ts";

/** Events for the answers of a majority. */
export interface RecordQueryEvents {
  /** The cluster lives under `record`, which is not the one that this node lives under. */
  readonly otherRecord: (record: GenesisRecord) => void;
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
  #cancelTimer: () => void = () => {};

  /** Asks nothing before `start` or `doubt`. */
  constructor(engine: Engine, events: RecordQueryEvents) {
    this.#engine = engine;
    this.#events = events;
  }

  /** Asks again and again, until this node lives under a record. */
  start(wait: number = FIRST_WAIT): void {
    if (this.#engine.record !== null) return;
    this.#ask();
    const { runtime } = this.#engine;
    this.#cancelTimer = runtime.setTimer(
      () => this.start(Math.min(LONGEST_WAIT, wait * 2)),
      wait * (0.75 + 0.5 * runtime.random()),
    );
  }

  /** Asks if there seems to be another record, or no place for this node; at most once per `LONGEST_WAIT`. */
  recheck(): void {
    if (this.#engine.runtime.now() - this.#asked >= LONGEST_WAIT) this.#ask();
  }

  /** Sends no more questions, and takes no more answers. */
  stop(): void {
    this.#cancelTimer();
    this.#close();
  }

  #ask(): void {
    const { pendingReplies, members, self, isMember, runtime } = this.#engine;
    this.#asked = runtime.now();
    const query = new RecordQuery(members);
    const id = pendingReplies.open((from, header, reply) => {
      const outcome = from === self
        ? this.#successor(header, reply)
        : query.receive(from, reply as GenesisReply);
      if (outcome === undefined) return;
      this.#close();
      this.#conclude(outcome);
    });
    this.#open.push(id);
    while (this.#open.length > MAX_OPEN) pendingReplies.close(this.#open.shift()!);
    const others = members.filter((member) => member !== self);
    const request = {
      id,
      type: "enquire",
      members,
      purpose: "record",
      round: 1,
    } as const;
    this.#engine.ask(others, request);
    if (isMember) this.#engine.askOwnId(request);
  }

  /**
   * The record of a later process under this node's own id that votes: that process has this one's place,
   * regardless of the others' answers. With older and later processes of all members, each record might find a
   * majority of them for ever.
   */
  #successor(header: Header, reply: Reply): RecordQueryOutcome | undefined {
    if (reply.type !== "record" || header.incarnation === null) return undefined;
    return header.life > this.#engine.life ? { type: "record", record: reply.record } : undefined;
  }

  #conclude(outcome: RecordQueryOutcome): void {
    const { self, record } = this.#engine;
    switch (outcome.type) {
      case "record":
        if (outcome.record.id !== record?.id) this.#events.otherRecord(outcome.record);
        return;
      case "notAMember": {
        const message = `Node ${self} is not one of the members, and the cluster has no clients`;
        this.#events.fatal(new SynodError("not_a_member", message));
        return;
      }
      case "membersMismatch":
        this.#events.fatal(mismatch(this.#engine, "a majority", outcome.members));
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
    `Node ${engine.self} lists the members ${engine.members.join(", ")}, but ${node} lists ` +
      members.join(", "),
  );
}
