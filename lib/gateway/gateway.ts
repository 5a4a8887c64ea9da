import type { GuestLine, GuestPort, GuestProof, GuestReception } from "../../transports/guests.ts";
import { LIFE_PATTERN } from "../paxos/ballot.ts";
import type { HandoverReply, HandoverRequest } from "../paxos/messages.ts";
import { GuestLife, type GuestLifeParts } from "./guest_life.ts";
import { LargeTurns } from "./large_turns.ts";

/** The interval at which tickets are looked after, in milliseconds: a tenth of the shortest time to live. */
const TICK = 10;

/** The longest interval, in milliseconds. */
const LONGEST_TICK = 500;

/**
 * A member's side of guests (section 13). A guest takes no part in the protocol: it sends operations to one member,
 * its gateway, which checks them, runs them in its name, and tells it the results.
 */
export class Gateway implements GuestReception {
  readonly #parts: GuestLifeParts;
  /** By id: one life of each guest. */
  readonly #guests = new Map<string, GuestLife>();
  readonly #large: LargeTurns;
  #cancelTick: (() => void) | null = null;
  #isClosed = false;

  /** A gateway without guests. */
  constructor(parts: GuestLifeParts) {
    this.#parts = parts;
    const { core: { runtime }, settings: { limits } } = parts;
    this.#large = new LargeTurns(runtime, limits.bytesPerSecond);
  }

  /** The number of guests that it serves, or has served lately. */
  get size(): number {
    return this.#guests.size;
  }

  /** The number of operations of all guests that it remembers. */
  get operations(): number {
    let operations = 0;
    for (const guest of this.#guests.values()) operations += guest.operations;
    return operations;
  }

  admit(guest: GuestProof, line: GuestLine): ReturnType<GuestReception["admit"]> {
    const { core, settings } = this.#parts;
    if (this.#isClosed) return { why: "closing", reason: "this member closes" };
    if (core.members.includes(guest.id)) {
      return { why: "refused", reason: `${guest.id} is the id of a member` };
    }
    if (!LIFE_PATTERN.test(guest.life)) return { why: "refused", reason: "that is no life" };
    let known = this.#guests.get(guest.id);
    if (known !== undefined && known.life > guest.life) {
      return { why: "replaced", reason: "a later process has taken the place of this guest" };
    }
    if (known !== undefined && known.life < guest.life) {
      known.end("replaced", "replaced", "a later process has taken the place of this guest");
      known = undefined;
    }
    if (known === undefined) {
      if (this.#guests.size >= settings.limits.guests) {
        return { why: "full", reason: `this member serves ${settings.limits.guests} guests` };
      }
      known = new GuestLife(guest, this.#parts, this.#large, (closed) => this.#remove(closed));
      this.#guests.set(guest.id, known);
      this.#tickLater();
    }
    known.connect(line, guest.claims);
    return portOf(known, line);
  }

  /** Asks the guest `name`, as `~id`, to run a put; returns whether it is connected to this member. */
  handover(
    name: string,
    request: HandoverRequest,
    reply: (reply: HandoverReply) => void,
  ): boolean {
    return this.#guests.get(name.slice(1))?.handover(request, reply) === true;
  }

  /** The members of the cluster have changed. */
  membersChanged(): void {
    for (const guest of this.#guests.values()) guest.membersChanged();
  }

  /** The cluster, or this member's life, is another one: what guests were told is void. */
  restart(): void {
    for (const guest of [...this.#guests.values()]) {
      guest.end("closing", "restarted", "this member, or its cluster, has begun again");
    }
  }

  /** Serves no guest any more. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTick?.();
    this.#cancelTick = null;
    for (const guest of [...this.#guests.values()]) {
      guest.end("closing", "closed", "this member closes");
    }
  }

  #remove(guest: GuestLife): void {
    if (this.#guests.get(guest.id) === guest) this.#guests.delete(guest.id);
  }

  #tickLater(): void {
    if (this.#cancelTick !== null || this.#guests.size === 0 || this.#isClosed) return;
    const { runtime, sessionTtl } = this.#parts.core;
    const wait = Math.max(TICK, Math.min(LONGEST_TICK, sessionTtl / 20));
    this.#cancelTick = runtime.setTimer(() => {
      this.#cancelTick = null;
      for (const guest of [...this.#guests.values()]) {
        if (!guest.tick()) guest.end("closing", "closed", "the guest was silent for too long");
      }
      this.#tickLater();
    }, wait);
  }
}

function portOf(guest: GuestLife, line: GuestLine): GuestPort {
  return {
    receive: (frame) => guest.receive(line, frame),
    behind: () => guest.behind,
    lost: () => guest.lost(line),
  };
}
