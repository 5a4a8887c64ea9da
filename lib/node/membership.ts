import { SynodError } from "../errors.ts";
import { Genesis, type GenesisEvent, type Outgoing } from "../paxos/genesis.ts";
import type { Reading } from "../paxos/lease.ts";
import type {
  GenesisRecord,
  GenesisReply,
  GenesisRequest,
  Header,
  Request,
} from "../paxos/messages.ts";
import { type InquiryOutcome, RecordInquiry } from "../paxos/record_inquiry.ts";
import type { Engine } from "./engine.ts";

/** What the rest of the node has to know of its place in the cluster. */
export interface MembershipEvents {
  /** The node lives under a record from now on; `again`: after it lived under another one. */
  readonly entered: (again: boolean) => void;
  /** Nothing can succeed as things are; more may follow. */
  readonly hopeless: (error: SynodError) => void;
  /** Another process has this node's place. */
  readonly replaced: () => void;
}

/** Waits between two questions, in milliseconds. */
const FIRST_WAIT = 20;
const LONGEST_WAIT = 1_000;

/**
 * Finds out which genesis this node lives under: a member takes part in it, a client asks for it.
 * Whoever hears of another one later asks again.
 */
export class Membership {
  readonly #engine: Engine;
  readonly #events: MembershipEvents;
  readonly #genesis: Genesis | null;
  #cancelTimer: () => void = () => {};
  #inquiry: number | null = null;
  #inquired = -Infinity;

  /** Asks for nothing before `start`. */
  constructor(engine: Engine, events: MembershipEvents) {
    this.#engine = engine;
    this.#events = events;
    const { self, members, life, clock, calls, settings } = engine;
    this.#genesis = engine.isMember
      ? new Genesis({
        self,
        members,
        life,
        clock,
        nextId: () => calls.next(),
        maxTtl: settings.maxSessionTtl,
        clients: settings.clients,
      })
      : null;
  }

  /** Where this member stands; `null` for a client. */
  get state(): Genesis["state"] | null {
    return this.#genesis?.state ?? null;
  }

  /** Begins to ask. */
  start(): void {
    if (this.#genesis !== null) this.#tick(this.#genesis, FIRST_WAIT);
    else this.#ask(FIRST_WAIT);
  }

  /** Answers a question of another member. */
  answer(from: string, header: Header, request: Request & GenesisRequest): void {
    if (this.#genesis === null) return;
    const { reply, event } = this.#genesis.answer(from, header, request, this.#reading());
    if (reply !== undefined) this.#engine.reply(from, header.life, { id: request.id, ...reply });
    this.#act(event);
  }

  /** Somebody lives under another genesis: asks, not too often, whether a majority does. */
  doubt(): void {
    const now = this.#engine.runtime.now();
    if (now - this.#inquired < LONGEST_WAIT) return;
    this.#inquired = now;
    this.#inquire();
  }

  /** A member says that this node is none: of weight only if a majority says so. */
  refused(): void {
    if (this.#genesis === null) this.doubt();
  }

  /** Asks nothing more. */
  stop(): void {
    this.#cancelTimer();
    this.#closeInquiry();
  }

  #tick(genesis: Genesis, wait: number): void {
    this.#engine.calls.otherwise((from, header, reply) => {
      const { ask, event } = genesis.receive(from, header, reply, this.#reading());
      this.#send(ask);
      this.#act(event);
    });
    const { ask, event } = genesis.tick(this.#reading());
    this.#send(ask);
    this.#act(event);
    if (genesis.state === "operational") return;
    this.#again(wait, (next) => this.#tick(genesis, next));
  }

  /** Questions of genesis are answered by number; the machine itself knows which ones still count. */
  #send(ask: readonly Outgoing[]): void {
    for (const { to, request } of ask) this.#engine.ask([to], request);
  }

  #act(event: GenesisEvent | undefined): void {
    switch (event?.type) {
      case "operational":
        this.#engine.calls.otherwise(null);
        this.#cancelTimer();
        this.#engine.enter(event.record, this.#engine.life);
        this.#events.entered(false);
        return;
      case "recover":
        // Until it has copied its memory from the others it answers nothing but questions of genesis.
        return;
      case "replaced":
        this.#events.replaced();
        return;
      case "membersMismatch":
        this.#events.hopeless(mismatch(this.#engine, event.node, event.members));
    }
  }

  /** A client asks until it knows the record. */
  #ask(wait: number): void {
    if (this.#engine.record !== null) return;
    this.#inquire();
    this.#again(wait, (next) => this.#ask(next));
  }

  #inquire(): void {
    this.#closeInquiry();
    const { calls, members, self } = this.#engine;
    const inquiry = new RecordInquiry(members);
    const question = calls.open((from, _header, reply) => {
      const outcome = inquiry.receive(from, reply as GenesisReply);
      if (outcome === undefined || this.#inquiry !== question) return;
      this.#closeInquiry();
      this.#conclude(outcome);
    });
    this.#inquiry = question;
    const others = members.filter((member) => member !== self);
    const request = {
      id: question,
      type: "enquire",
      members,
      purpose: "record",
      round: 1,
    } as const;
    this.#engine.ask(others, request);
  }

  #conclude(outcome: InquiryOutcome): void {
    switch (outcome.type) {
      case "record":
        this.#follow(outcome.record);
        return;
      case "notAMember":
        this.#events.hopeless(
          new SynodError(
            "not_a_member",
            `Node ${this.#engine.self} is not one of the members, and the cluster has no clients`,
          ),
        );
        return;
      case "membersMismatch":
        this.#events.hopeless(mismatch(this.#engine, "a majority", outcome.members));
    }
  }

  #follow(record: GenesisRecord): void {
    const before = this.#engine.record;
    if (before?.id === record.id) return;
    if (this.#engine.isMember) {
      // The cluster began anew, and not with this process: another one has its place.
      if (this.#engine.voter !== null) this.#events.replaced();
      return;
    }
    this.#cancelTimer();
    this.#engine.enter(record, null);
    this.#events.entered(before !== null);
  }

  #again(wait: number, ask: (next: number) => void): void {
    const { runtime } = this.#engine;
    this.#cancelTimer();
    this.#cancelTimer = runtime.setTimer(
      () => ask(Math.min(LONGEST_WAIT, wait * 2)),
      wait * (0.75 + 0.5 * runtime.random()),
    );
  }

  #closeInquiry(): void {
    if (this.#inquiry !== null) this.#engine.calls.close(this.#inquiry);
    this.#inquiry = null;
  }

  #reading(): Reading {
    return { now: this.#engine.runtime.now(), wall: this.#engine.runtime.wallNow() };
  }
}

function mismatch(engine: Engine, node: string, members: readonly string[]): SynodError {
  return new SynodError(
    "members_mismatch",
    `Node ${engine.self} lists the members ${engine.members.join(", ")}, but ${node} lists ` +
      members.join(", "),
  );
}
