import type { GuestClose, GuestLine, GuestProof } from "../../transports/guests.ts";
import { decodeUp, encodeDown } from "../codec/guest_frame.ts";
import type { DownMessage, UpFrame, UpMessage } from "../codec/guest_messages.ts";
import type { Life } from "../paxos/ballot.ts";
import type { ClockReading } from "../paxos/lease.ts";
import type { HandoverReply, HandoverRequest } from "../paxos/messages.ts";
import { makeSession, parseSession } from "../paxos/sessions.ts";
import { IssuedTickets } from "../paxos/tickets.ts";
import { Allowance } from "./allowance.ts";
import { batches } from "./batches.ts";
import { GuestHandovers } from "./guest_handovers.ts";
import { GuestOperations } from "./guest_operations.ts";
import type { GuestWorkParts } from "./guest_work.ts";
import type { GuestSettings } from "./options.ts";
import { Pace } from "./pace.ts";
import type { LargeTurns } from "./large_turns.ts";
import { RENEWALS_PER_SECOND, Usage } from "./usage.ts";

/** What one life of a guest needs of its gateway. */
export interface GuestLifeParts extends Omit<GuestWorkParts, "name" | "sessionOf" | "author"> {
  readonly settings: GuestSettings;
  /** The longest value, in bytes. */
  readonly maxValueBytes: number;
}

/** Tickets given in one time to live at least: one for every tenth of it. */
const TICKETS_PER_TTL = 10;

/**
 * Messages that a guest may send for each operation that it may have in a second: with tickets, cancellations and what is
 * sent again, more than it needs.
 */
const MESSAGES_PER_OPERATION = 4;

/**
 * Messages in a second besides: renewals, each in a frame of its own, and tickets shown. What a session needs does not
 * depend on the operations that its guest may have.
 */
const KEEPING_PER_SECOND = 2 * RENEWALS_PER_SECOND;

/** Seconds of a guest's bytes that are read at once: to read a megabyte takes time that others need. */
const READ_BURST = 0.25;

/**
 * The longest time for which nothing is read of a guest, in milliseconds and as a part of its time to live: what keeps its
 * session waits, too, and a ticket lasts a third of that time.
 */
const LONGEST_HOLD = 250;
const HOLDS_PER_TTL = 20;

/** Operations that last until they are cancelled. */
const LASTING: readonly string[] = ["watch", "watchAll", "guard"];

/** Times to live for which a guest is remembered that is not heard any more. */
const REMEMBERED = 2;

/** One life of one guest at its gateway: its connection, tickets and renewals (section 13). */
export class GuestLife {
  readonly id: string;
  readonly life: Life;
  readonly #name: string;
  readonly #parts: GuestLifeParts;
  readonly #closed: (closed: GuestLife) => void;
  readonly #usage: Usage;
  readonly #operations: GuestOperations;
  readonly #handovers: GuestHandovers;
  #claims: GuestProof["claims"];
  #line: GuestLine | null = null;
  #tickets: IssuedTickets | null = null;
  /** The time to live of its sessions, in milliseconds. */
  #ttl: number;
  /** The genesis under which it said hello. */
  #genesis: string | null = null;
  #outgoing: DownMessage[] = [];
  #isFlushing = false;
  readonly #pace: Pace;
  readonly #read: Allowance;
  /** Ends the time in which nothing is read of it. */
  #readOn = () => {};
  #behind: Promise<void> | undefined;
  /** Whether it is being looked for a later life. */
  #isSeeking = false;
  #heard: number;

  /** `large`: the turns of large values at this member; `closed` is called when it is over for good. */
  constructor(
    { id, life, claims }: GuestProof,
    parts: GuestLifeParts,
    large: LargeTurns,
    closed: (closed: GuestLife) => void,
  ) {
    this.id = id;
    this.life = life;
    this.#name = `~${id}`;
    this.#claims = claims;
    this.#parts = parts;
    this.#closed = closed;
    this.#heard = parts.core.runtime.now();
    this.#ttl = parts.core.sessionTtl;
    const { limits } = parts.settings;
    this.#usage = new Usage(limits, this.#heard);
    this.#read = new Allowance(limits.bytesPerSecond, this.#heard, READ_BURST);
    const rate = MESSAGES_PER_OPERATION * limits.operationsPerSecond + KEEPING_PER_SECOND;
    this.#pace = new Pace(parts.core.runtime, rate);
    const send = (message: DownMessage) => this.#send(message);
    this.#operations = new GuestOperations({
      work: {
        ...parts,
        name: this.#name,
        author: `${this.#name}/${life}`,
        sessionOf: (number) => makeSession(this.#name, life, number),
      },
      settings: parts.settings,
      usage: this.#usage,
      large,
      maxValueBytes: parts.maxValueBytes,
      guest: () => ({ id, claims: this.#claims }),
      isOpen: () => this.#tickets?.isOpen(this.#reading()) === true,
      send,
    });
    this.#handovers = new GuestHandovers(this.#name, send);
  }

  /** The number of operations that are under way, or whose results the guest may not have. */
  get operations(): number {
    return this.#operations.size;
  }

  /** Resolves when more may be read of it; `undefined`: at once. */
  get behind(): Promise<void> | undefined {
    return this.#behind;
  }

  /** Takes a new connection of this life in place of an earlier one. */
  connect(line: GuestLine, claims: GuestProof["claims"]): void {
    const before = this.#line;
    this.#line = line;
    this.#claims = claims;
    before?.close("closing", "the guest has another connection to this member");
  }

  /** The connection `line` is gone. */
  lost(line: GuestLine): void {
    if (this.#line === line) this.#line = null;
  }

  /** Takes a frame; resolves when the operations in it have ended. */
  async receive(line: GuestLine, bytes: Uint8Array): Promise<void> {
    if (this.#line !== line) return;
    this.#heard = this.#reading().now;
    const tooMuch = this.#usage.frame(bytes.length, this.#heard);
    if (tooMuch !== undefined) return this.end("full", tooMuch.code, tooMuch.message);
    this.#hold(bytes.length, this.#heard);
    const { core } = this.#parts;
    await new Promise<void>((resolve) => {
      const isTaken = this.#pace.run(() => {
        let messages: number | undefined;
        core.guard(() => void (messages = this.#take(line, bytes, resolve)));
        // The request that brought a frame that could not be handled must not wait for ever.
        if (messages === undefined) resolve();
        return messages ?? 1;
      });
      if (!isTaken) resolve(this.end("full", "queue_full", "too many frames of the guest wait"));
    });
  }

  /** Counts bytes that it has sent; after many of them no more is read for a while. */
  #hold(bytes: number, now: number): void {
    this.#read.take(bytes, now);
    const wait = Math.min(this.#read.wait(now), LONGEST_HOLD, this.#ttl / HOLDS_PER_TTL);
    if (wait === 0 || this.#behind !== undefined) return;
    this.#behind = new Promise((resolve) => {
      const cancel = this.#parts.core.runtime.setTimer(() => this.#readOn(), wait);
      this.#readOn = () => {
        cancel();
        this.#behind = undefined;
        resolve();
      };
    });
  }

  /** Handles a frame; returns the number of its messages. `ended` is called when its operations have ended. */
  #take(line: GuestLine, bytes: Uint8Array, ended: () => void): number {
    const decoded = this.#line === line ? decodeUp(bytes) : undefined;
    let under: readonly Promise<void>[] = [];
    if (decoded?.ok) {
      under = this.#handle(decoded.frame);
    } else if (decoded?.reason === "version") {
      this.#close("malformed", `version ${decoded.version} of the format is not supported`);
    } else if (decoded !== undefined) {
      this.#close("malformed", decoded.detail);
    }
    void Promise.all(under).then(ended);
    return 1 + (decoded?.ok ? decoded.frame.messages.length : 0);
  }

  /** Gives tickets as time passes; called regularly. Returns whether the guest is remembered any longer. */
  tick(): boolean {
    const at = this.#reading();
    if (this.#isTicketDue()) this.#flushSoon();
    // It has turned away, or is about to: nothing more is done for it.
    if (this.#tickets?.isOpen(at) === false) this.#operations.expire();
    return at.now - this.#heard < REMEMBERED * this.#ttl;
  }

  /** Asks the guest to run a put that is bound to one of its processes; returns whether it is connected. */
  handover(request: HandoverRequest, reply: (reply: HandoverReply) => void): boolean {
    if (this.#line === null) return false;
    if (parseSession(request.pid.session).life === this.life) this.#handovers.ask(request, reply);
    return true;
  }

  /** Ends everything: the guest gets `code`, and the connection is closed. */
  end(why: GuestClose, code: string, message: string): void {
    this.#outgoing.push({ type: "bye", code, message });
    this.#flush();
    this.#close(why, message);
  }

  #handle(frame: UpFrame): Promise<void>[] {
    const { record, life } = this.#parts.core;
    const [first] = frame.messages;
    const isHello = frame.gateway === null && first?.type === "hello";
    if (isHello && !this.#hello(first)) return [];
    // Another life of this member knows nothing of what this one was told, and another genesis nothing at all.
    const isMeant = isHello || frame.gateway === life;
    const isOfGenesis = this.#genesis !== null && this.#genesis === record?.id &&
      (frame.genesis === null || frame.genesis === record.id);
    if (!isMeant || !isOfGenesis || this.#tickets === null) {
      this.end("closing", "restarted", "this member, or its cluster, has begun again");
      return [];
    }
    // It may have turned away and come back: what has not ended by now must not go on with a newer ticket, as if no
    // other gateway had got it.
    if (!this.#tickets.isOpen(this.#reading())) this.#operations.expire();
    this.#tickets.show(frame.ticket);
    this.#operations.forget(frame.done, frame.open);
    const ended: Promise<void>[] = [];
    for (const message of frame.messages) {
      switch (message.type) {
        case "hello":
          break;
        case "renew":
          ended.push(this.#renew(message));
          break;
        case "run": {
          const over = this.#operations.run(message);
          // These go on until they are cancelled: their end is not awaited.
          if (!LASTING.includes(message.operation.type)) ended.push(over);
          break;
        }
        case "cancel":
          this.#operations.cancel(message.number);
          break;
        case "handed":
          this.#handovers.answered(message.id, message.outcome);
          break;
        case "bye":
          this.#close("closing", "the guest has closed");
      }
    }
    this.#flushSoon();
    return ended;
  }

  /** Answers a hello; returns whether the guest may go on. */
  #hello({ ttl }: UpMessage & { readonly type: "hello" }): boolean {
    const { core } = this.#parts;
    const { record, runtime } = core;
    if (record === null || !core.votes) {
      this.end("closing", "restarted", "this member does not vote yet");
      return false;
    }
    if (!record.clients) {
      this.end("refused", "clients_off", "this cluster lets no clients and no guests in");
      return false;
    }
    if (this.#tickets === null) {
      this.#genesis = record.id;
      this.#ttl = Math.min(ttl, record.maxTtl);
      this.#tickets = new IssuedTickets(this.#ttl, () => runtime.clockError());
    }
    this.#welcome(record.maxTtl);
    return true;
  }

  /** The members have changed: a guest that is connected is told, by another welcome. */
  membersChanged(): void {
    const { record } = this.#parts.core;
    if (this.#line === null || this.#tickets === null || record?.id !== this.#genesis) return;
    this.#welcome(record.maxTtl);
  }

  #welcome(maxTtl: number): void {
    const { core, maxValueBytes } = this.#parts;
    const { self: member, members } = core;
    this.#send({ type: "welcome", member, maxTtl, maxValueBytes, members });
  }

  /** One renewal: a quorum is asked now, since the guest's deadline counts from when it asked. */
  async #renew(
    { session: number, renewal, ttl }: UpMessage & { readonly type: "renew" },
  ): Promise<void> {
    const { core } = this.#parts;
    const { maxTtl } = core;
    if (ttl > maxTtl) {
      return this.end("malformed", "malformed", `a session lasts at most ${maxTtl} ms here`);
    }
    if (!this.#usage.renewal(this.#heard)) return;
    void this.#findSuccessor();
    const session = makeSession(this.#name, this.life, number);
    try {
      const outcome = await core.renewGuest(session, ttl, renewal);
      if (outcome === "refused") this.#send({ type: "lapsed", session: number });
      else this.#send({ type: "renewed", session: number, renewal });
    } catch {
      // Without a quorum there is no answer; the guest asks again.
    }
  }

  /** A later life of the same guest may have come to another member. */
  async #findSuccessor(): Promise<void> {
    if (this.#isSeeking) return;
    this.#isSeeking = true;
    const { core } = this.#parts;
    const newest = await core.queries.sessionOf(this.#name, core.limits()).catch(() => null);
    this.#isSeeking = false;
    if (newest === null || parseSession(newest).life <= this.life) return;
    this.end("replaced", "replaced", "a later process has taken the place of this guest");
  }

  #isTicketDue(): boolean {
    return this.#line !== null && this.#tickets !== null &&
      this.#tickets.age(this.#reading()) >= this.#ttl / TICKETS_PER_TTL;
  }

  #reading(): ClockReading {
    const { runtime } = this.#parts.core;
    return { now: runtime.now(), wall: runtime.wallNow() };
  }

  #send(message: DownMessage): void {
    if (this.#line === null) return;
    this.#outgoing.push(message);
    this.#flushSoon();
  }

  /** What is sent in one turn travels in one frame. */
  #flushSoon(): void {
    if (this.#isFlushing || this.#line === null) return;
    this.#isFlushing = true;
    this.#parts.core.runtime.defer(() => {
      this.#isFlushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    const outgoing = this.#outgoing.splice(0);
    if (this.#line === null) return;
    const isDue = this.#isTicketDue();
    if (isDue) this.#tickets?.issue(this.#reading());
    if (!isDue && outgoing.length === 0) return;
    const { core } = this.#parts;
    for (const messages of batches(outgoing)) {
      const frame = encodeDown({
        gateway: core.life,
        genesis: this.#genesis,
        clock: core.clock.counter,
        ticket: this.#tickets?.last ?? 0,
        messages,
      });
      this.#line.send(frame, messages.length > 0);
    }
  }

  #close(why: GuestClose, reason: string): void {
    const line = this.#line;
    this.#line = null;
    this.#pace.close();
    this.#readOn();
    this.#operations.close();
    this.#handovers.clear();
    line?.close(why, reason);
    this.#closed(this);
  }
}
