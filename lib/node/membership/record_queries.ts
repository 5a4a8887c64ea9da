import { SynodError } from "../../errors.ts";
import type { GenesisRecord, GenesisReply, Header, Reply } from "../../paxos/messages.ts";
import { type InquiryOutcome, RecordInquiry } from "../../paxos/record_inquiry.ts";
import type { Engine } from "../engine/engine.ts";

/** Events for the answers of a majority. */
export interface InquiryEvents {
  /** The cluster lives under `record`, which is not the one that this node lives under. */
  readonly otherRecord: (record: GenesisRecord) => void;
  /** Nothing can succeed in the present state. */
  readonly hopeless: (error: SynodError) => void;
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
export class Inquiries {
  readonly #engine: Engine;
  readonly #events: InquiryEvents;
  /** Oldest first. */
  readonly #questions: number[] = [];
  #asked = -Infinity;
  #cancelTimer: () => void = () => {};

  /** Asks nothing before `start` or `doubt`. */
  constructor(engine: Engine, events: InquiryEvents) {
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
  doubt(): void {
    if (this.#engine.runtime.now() - this.#asked >= LONGEST_WAIT) this.#ask();
  }

  /** Sends no more questions, and takes no more answers. */
  stop(): void {
    this.#cancelTimer();
    this.#close();
  }

  #ask(): void {
    const { calls, members, self, isMember, runtime } = this.#engine;
    this.#asked = runtime.now();
    const inquiry = new RecordInquiry(members);
    const question = calls.open((from, header, reply) => {
      const outcome = from === self
        ? this.#successor(header, reply)
        : inquiry.receive(from, reply as GenesisReply);
      if (outcome === undefined) return;
      this.#close();
      this.#conclude(outcome);
    });
    this.#questions.push(question);
    while (this.#questions.length > MAX_OPEN) calls.close(this.#questions.shift()!);
    const others = members.filter((member) => member !== self);
    const request = {
      id: question,
      type: "enquire",
      members,
      purpose: "record",
      round: 1,
    } as const;
    this.#engine.ask(others, request);
    if (isMember) this.#engine.askTwins(request);
  }

  /**
   * The record of a later process under this node's own id that votes: that process has this one's place,
   * regardless of the others' answers. With older and later processes of all members, each record might find a
   * majority of them for ever.
   */
  #successor(header: Header, reply: Reply): InquiryOutcome | undefined {
    if (reply.type !== "record" || header.incarnation === null) return undefined;
    return header.life > this.#engine.life ? { type: "record", record: reply.record } : undefined;
  }

  #conclude(outcome: InquiryOutcome): void {
    const { self, record } = this.#engine;
    switch (outcome.type) {
      case "record":
        if (outcome.record.id !== record?.id) this.#events.otherRecord(outcome.record);
        return;
      case "notAMember": {
        const message = `Node ${self} is not one of the members, and the cluster has no clients`;
        this.#events.hopeless(new SynodError("not_a_member", message));
        return;
      }
      case "membersMismatch":
        this.#events.hopeless(mismatch(this.#engine, "a majority", outcome.members));
    }
  }

  #close(): void {
    for (const question of this.#questions.splice(0)) this.#engine.calls.close(question);
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
