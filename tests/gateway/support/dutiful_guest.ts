import { decodeDown, encodeUp } from "../../../lib/codec/guest_frame.ts";
import type {
  DownFrame,
  GuestOperation,
  GuestOutcome,
  UpMessage,
} from "../../../lib/codec/guest_messages.ts";
import { partsOf } from "../../../lib/cluster/cluster_node.ts";
import { isWriting } from "../../../lib/gateway/guest_work.ts";
import { ShownTickets } from "../../../lib/paxos/tickets.ts";
import type { GuestPort } from "../../../transports/guests.ts";
import type { Random } from "../../../testing/random.ts";
import { GUEST_LIFE } from "../../support/scripted_guest.ts";
import type { VirtualCluster } from "../../support/virtual_cluster.ts";

/** One operation, until it has a result. */
interface Open {
  readonly number: number;
  readonly since: number;
  readonly operation: GuestOperation;
  /** The lives of the gateways that it was sent to. */
  readonly sentTo: Set<string>;
  readonly resolve: (result: Result) => void;
  /** The connection that it was sent over last. */
  over: object | null;
  /** Whether it was sent as if for the first time. */
  isFirst: boolean;
  /** The only gateway that has got it, and has not begun it. */
  unbegunAt: string | null;
}

/** The outcome of an operation, or the code of its error; and whether more than one gateway got it. */
export interface Result {
  readonly outcome: GuestOutcome | string;
  readonly number: number;
  readonly sentTo: ReadonlySet<string>;
}

/** One connection: frames take a random time, in order, and none arrives after it broke. */
class Line {
  readonly member: string;
  port: GuestPort | null = null;
  gateway: string | null = null;
  genesis: string | null = null;
  heard: number;
  isBroken = false;
  /** Frames on their way wait at least until then, in each direction. */
  readonly until = { up: 0, down: 0 };

  constructor(member: string, now: number) {
    this.member = member;
    this.heard = now;
  }
}

/** What a guest does in the model of a run. */
export interface DutifulOptions {
  readonly id: string;
  readonly ttl: number;
  readonly random: Random;
  readonly cluster: VirtualCluster;
  /** The longest time that a frame takes, in milliseconds; may change. */
  readonly delay: () => number;
  /** The ids of the members that can be reached. */
  readonly reachable: () => readonly string[];
}

/** The guest's side of section 13, as short as possible: it keeps its duties, and has no interface for users. */
export class DutifulGuest {
  readonly id: string;
  readonly #options: DutifulOptions;
  readonly #open = new Map<number, Open>();
  readonly #tickets = new Map<string, ShownTickets>();
  #line: Line | null = null;
  #clock = 0;
  #last = 0;
  #session = 1;
  #renewals = new Map<number, number>();
  #renewal = 0;
  #deadline = -Infinity;
  #isClosed = false;
  #avoided: string | undefined;

  /** Connects at once, and begins to renew its session. */
  constructor(options: DutifulOptions) {
    this.id = options.id;
    this.#options = options;
    this.#tick();
  }

  /** The number of its present session. */
  get session(): number {
    return this.#session;
  }

  /** A counter above every one that it has sent or seen. */
  nextCounter(): number {
    return ++this.#clock;
  }

  /** Whether the session of this number is valid at this instant. */
  isValid(session: number): boolean {
    return session === this.#session && this.#now < this.#deadline;
  }

  /** The member that it is connected to. */
  get member(): string | null {
    return this.#line?.member ?? null;
  }

  /** Breaks its connection; it does not come back to the member `avoided` if there is another one. */
  break(avoided?: string): void {
    if (this.#line === null) return;
    this.#avoided = avoided;
    this.#line.isBroken = true;
    this.#line.port?.lost();
    this.#line = null;
  }

  /** The connection to this member is lost: its process has crashed. */
  crashed(member: string): void {
    if (this.#line?.member === member) this.break();
  }

  /** Runs an operation, at one gateway after the other, until it has a result. */
  run(operation: GuestOperation): Promise<Result> {
    return new Promise((resolve) => {
      const number = ++this.#last;
      const since = this.#clock;
      const state = { sentTo: new Set<string>(), over: null, isFirst: true, unbegunAt: null };
      this.#open.set(number, { number, since, operation, resolve, ...state });
      this.#sendOpen();
    });
  }

  /** Gives up an operation: nothing more is done for it where it is now. Returns what became of it. */
  cancel(number: number): Result | null {
    const open = this.#open.get(number);
    if (open === undefined) return null;
    this.#open.delete(number);
    this.#send([{ type: "cancel", number }]);
    const result = { outcome: "cancelled", number, sentTo: open.sentTo };
    open.resolve(result);
    return result;
  }

  /** Milliseconds until no gateway but the present one does anything for an operation that went to these. */
  wait(sentTo: ReadonlySet<string>): number {
    let wait = 0;
    for (const gateway of sentTo) {
      if (gateway === this.#line?.gateway) continue;
      wait = Math.max(wait, this.#tickets.get(gateway)?.remaining(this.#reading) ?? 0);
    }
    return wait;
  }

  /** Whether an undo of what went to these gateways would meet only the present one. */
  isSingle(sentTo: ReadonlySet<string>): boolean {
    return sentTo.size === 1 && this.#line !== null && sentTo.has(this.#line.gateway ?? "");
  }

  /** Sends nothing any more. */
  close(): void {
    this.#isClosed = true;
    this.break();
  }

  get #now(): number {
    return this.#options.cluster.time.runtime.now();
  }

  get #reading() {
    const { runtime } = this.#options.cluster.time;
    return { now: runtime.now(), wall: runtime.wallNow() };
  }

  #tick(): void {
    if (this.#isClosed) return;
    const { ttl, cluster } = this.#options;
    if (this.#line !== null && this.#now - this.#line.heard > ttl / 2) this.break();
    if (this.#line === null) this.#connect();
    // A granted session whose deadline has passed is over for ever.
    if (this.#deadline > -Infinity && this.#now >= this.#deadline) this.#nextSession();
    this.#renew();
    this.#sendOpen();
    cluster.time.runtime.setTimer(() => this.#tick(), ttl / 12);
  }

  #nextSession(): void {
    this.#session++;
    this.#deadline = -Infinity;
    this.#renewals.clear();
  }

  #renew(): void {
    const { ttl } = this.#options;
    const last = Math.max(-Infinity, ...this.#renewals.values());
    if (this.#line?.gateway == null || this.#now - last < ttl / 4) return;
    const renewal = ++this.#renewal;
    this.#renewals.set(renewal, this.#now);
    this.#send([{ type: "renew", session: this.#session, renewal, ttl }]);
  }

  #connect(): void {
    const { random, reachable, cluster, id } = this.#options;
    const others = reachable().filter((member) => member !== this.#avoided);
    const members = others.length > 0 ? others : reachable();
    if (members.length === 0) return;
    const member = members[random.integer(0, members.length - 1)];
    const line = this.#line = new Line(member, this.#now);
    const admitted = partsOf(cluster.node(member)).gateway!.admit(
      { id, life: GUEST_LIFE, claims: {} },
      {
        send: (frame) => this.#later(line, "down", () => this.#receive(line, frame)),
        close: () => this.#later(line, "down", () => this.#lost(line)),
      },
    );
    if ("why" in admitted) return this.#lost(line);
    line.port = admitted;
    this.#sendOn(line, [{ type: "hello", ttl: this.#options.ttl, session: this.#session }]);
  }

  #lost(line: Line): void {
    line.isBroken = true;
    if (this.#line === line) this.#line = null;
  }

  /** Something happens when a frame arrives, unless the connection is broken by then. */
  #later(line: Line, way: "up" | "down", happen: () => void): void {
    const { cluster, random, delay } = this.#options;
    const at = Math.max(line.until[way], this.#now + random.fraction() * delay());
    line.until[way] = at;
    cluster.time.runtime.setTimer(() => {
      if (!line.isBroken || way === "up") happen();
    }, at - this.#now);
  }

  #receive(line: Line, bytes: Uint8Array): void {
    const decoded = decodeDown(bytes);
    if (!decoded.ok) throw new Error(`the gateway sent ${JSON.stringify(decoded)}`);
    const frame: DownFrame = decoded.frame;
    this.#clock = Math.max(this.#clock, frame.clock);
    if (this.#line !== line) return;
    const { gateway, genesis } = line;
    line.heard = this.#now;
    [line.gateway, line.genesis] = [frame.gateway, frame.genesis];
    let tickets = this.#tickets.get(frame.gateway);
    if (tickets === undefined) {
      this.#tickets.set(frame.gateway, tickets = new ShownTickets(this.#options.ttl));
    }
    const isNew = frame.ticket > tickets.newest;
    tickets.got(frame.ticket, this.#reading);
    for (const message of frame.messages) {
      switch (message.type) {
        case "renewed": {
          const asked = this.#renewals.get(message.renewal);
          if (message.session !== this.#session || asked === undefined) break;
          const deadline = asked + this.#options.ttl * 0.95;
          if (this.#now < deadline) this.#deadline = Math.max(this.#deadline, deadline);
          break;
        }
        case "lapsed":
          if (message.session === this.#session && this.#deadline === -Infinity) {
            this.#nextSession();
          }
          break;
        case "result":
          this.#end(message.number, message.outcome);
          break;
        case "failed":
          if (message.code === "late") this.#again(message.number);
          else if (message.code === "not_begun") this.#again(message.number, frame.gateway);
          else this.#end(message.number, message.code);
          break;
        case "bye":
          line.isBroken = true;
          this.#line = null;
          return;
      }
    }
    const writes = [...this.#open.values()].some(({ operation }) => isWriting(operation));
    if (isNew && writes) this.#send([]);
    if (gateway === null || genesis === null) this.#sendOpen();
  }

  #end(number: number, outcome: GuestOutcome | string): void {
    const open = this.#open.get(number);
    this.#open.delete(number);
    open?.resolve({ outcome, number, sentTo: open.sentTo });
  }

  #again(number: number, unbegunAt: string | null = null): void {
    const open = this.#open.get(number);
    if (open === undefined) return;
    open.over = null;
    if (open.isFirst) open.unbegunAt = unbegunAt;
  }

  /** Sends what was not sent over this connection, as soon as no other gateway does anything for it. */
  #sendOpen(): void {
    const line = this.#line;
    if (line?.gateway == null) return;
    for (const open of this.#open.values()) {
      const { number, since, operation, sentTo } = open;
      if (open.over === line || this.wait(sentTo) > 0) continue;
      const again = sentTo.size > 0 && open.unbegunAt !== line.gateway;
      [open.over, open.isFirst, open.unbegunAt] = [line, !again, null];
      sentTo.add(line.gateway);
      this.#send([{ type: "run", number, since, again, timeout: 0, operation }]);
    }
  }

  #send(messages: readonly UpMessage[]): void {
    if (this.#line?.gateway != null) this.#sendOn(this.#line, messages);
  }

  #sendOn(line: Line, messages: readonly UpMessage[]): void {
    const { gateway, genesis } = line;
    const ticket = gateway === null ? 0 : this.#tickets.get(gateway)?.show() ?? 0;
    const open = [...this.#open.keys()].sort((a, b) => a - b);
    const done = this.#last;
    const frame = encodeUp({ gateway, genesis, ticket, done, open, messages });
    this.#later(line, "up", () => void line.port?.receive(frame));
  }
}
