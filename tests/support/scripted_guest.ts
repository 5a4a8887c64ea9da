import { decodeDown, encodeUp } from "../../lib/codec/guest_frame.ts";
import type {
  DownFrame,
  DownMessage,
  GuestEvent,
  GuestOperation,
  GuestOutcome,
  GuestPiece,
  UpFrame,
  UpMessage,
} from "../../lib/codec/guest_messages.ts";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import type { ClusterNode } from "../../mod.ts";
import type { GuestClose, GuestPort } from "../../transports/guests.ts";
import type { VirtualCluster } from "./virtual_cluster.ts";
import { turn } from "./wait.ts";

/** What a lock request of a guest says for people. */
export const UNLABELED = { permits: 0, asked: 0, label: "" } as const;

/** The life of a guest that began first, and of one that began later. */
export const GUEST_LIFE = "0GuestGuestGuestGues";
export const LATER_LIFE = "1GuestGuestGuestGues";

/** Options of a guest that a test plays by hand. */
export interface ScriptedGuestOptions {
  readonly id?: string;
  readonly life?: string;
  readonly ttl?: number;
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** How a `run` differs from the usual one. */
export interface RunOptions {
  readonly number?: number;
  readonly since?: number;
  readonly again?: boolean;
  readonly timeout?: number;
}

/** One connection of a guest to a member. */
export class GuestConnection {
  readonly #guest: ScriptedGuest;
  readonly #port: GuestPort;
  /** The life of the member, once it has answered. */
  gateway: string | null = null;
  genesis: string | null = null;
  /** The newest ticket that came. */
  ticket = 0;
  clock = 0;
  /** All messages that came, in order. */
  readonly got: DownMessage[] = [];
  /** Why the member has closed it. */
  closed: { readonly why: GuestClose; readonly reason: string } | null = null;

  constructor(guest: ScriptedGuest, node: ClusterNode) {
    this.#guest = guest;
    const { id, life, claims } = guest;
    const port = partsOf(node).gateway!.admit({ id, life, claims }, {
      send: (frame) => this.#receive(frame),
      close: (why, reason) => this.closed = { why, reason },
    });
    if ("why" in port) {
      this.closed = port;
      this.#port = { receive: () => Promise.resolve(), lost: () => {} };
    } else {
      this.#port = port;
    }
  }

  #receive(bytes: Uint8Array): void {
    const decoded = decodeDown(bytes);
    if (!decoded.ok) throw new Error(`the gateway sent ${JSON.stringify(decoded)}`);
    const frame: DownFrame = decoded.frame;
    this.gateway = frame.gateway;
    this.genesis = frame.genesis;
    this.ticket = Math.max(this.ticket, frame.ticket);
    this.clock = Math.max(this.clock, frame.clock);
    this.#guest.clock = Math.max(this.#guest.clock, frame.clock);
    this.got.push(...frame.messages);
  }

  /** Sends a frame; `change` makes it another one. */
  send(messages: readonly UpMessage[], change: Partial<UpFrame> = {}): Promise<void> {
    const { gateway, genesis, ticket } = this;
    const { done, open } = this.#guest;
    return this.raw(encodeUp({ gateway, genesis, ticket, done, open, messages, ...change }));
  }

  /** Sends any bytes. */
  raw(bytes: Uint8Array): Promise<void> {
    return this.#port.receive(bytes);
  }

  /** What tells a transport that it should read no more for now. */
  get behind(): Promise<void> | undefined {
    return this.#port.behind?.();
  }

  /** The connection breaks. */
  break(): void {
    this.#port.lost();
  }

  /** Shows the newest ticket. */
  show(): void {
    void this.send([]);
  }

  /** Sends an operation; returns its number. */
  run(operation: GuestOperation, options: RunOptions = {}): number {
    const { number = ++this.#guest.last, since = this.#guest.clock, again = false } = options;
    const { timeout = 2_000 } = options;
    void this.send([{ type: "run", number, since, again, timeout, operation }]);
    return number;
  }

  /** The result of an operation, if it has come: its outcome, or the code of its error. */
  resultOf(number: number): GuestOutcome | string | undefined {
    const message = this.got.findLast((one) =>
      (one.type === "result" || one.type === "failed") && one.number === number
    );
    if (message?.type === "result") return message.outcome;
    return message?.type === "failed" ? message.code : undefined;
  }

  /** The text of the error of an operation. */
  errorOf(number: number): string {
    const failed = this.got.findLast((one) => one.type === "failed" && one.number === number);
    return failed?.type === "failed" ? failed.message : "";
  }

  /** The news of an operation, in order. */
  eventsOf(number: number): GuestEvent[] {
    return this.got.flatMap((one) =>
      one.type === "event" && one.number === number ? [one.event] : []
    );
  }

  /** The pieces of a result, in order. */
  piecesOf(number: number): GuestPiece[] {
    return this.got.flatMap((one) =>
      one.type === "part" && one.number === number ? [one.piece] : []
    );
  }
}

/** A guest whose every message a test decides. It shows each ticket that it gets when it sends something. */
export class ScriptedGuest {
  readonly id: string;
  readonly life: string;
  readonly ttl: number;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly #cluster: VirtualCluster;
  /** Its Lamport counter. */
  clock = 0;
  /** The number of its last operation. */
  last = 0;
  done = 0;
  open: number[] = [];
  #renewals = 0;

  constructor(cluster: VirtualCluster, options: ScriptedGuestOptions = {}) {
    this.#cluster = cluster;
    this.id = options.id ?? "g";
    this.life = options.life ?? GUEST_LIFE;
    this.ttl = options.ttl ?? 5_000;
    this.claims = options.claims ?? {};
  }

  /** The id of its session of this number. */
  session(number = 1): string {
    return `~${this.id}/${this.life}/${number}`;
  }

  /** Connects to a member and says hello. */
  async connect(to: string): Promise<GuestConnection> {
    const connection = new GuestConnection(this, this.#cluster.node(to));
    await this.hello(connection);
    return connection;
  }

  /** Says hello, and waits for the answer. */
  async hello(connection: GuestConnection, ttl = this.ttl): Promise<void> {
    void connection.send([{ type: "hello", ttl, session: 0 }], { gateway: null, ticket: 0 });
    await turn();
  }

  /** Asks for a session and waits for the grant; returns whether it came. */
  async renew(connection: GuestConnection, session = 1): Promise<boolean> {
    const renewal = ++this.#renewals;
    void connection.send([{ type: "renew", session, renewal, ttl: this.ttl }]);
    await this.#cluster.pass(20);
    return connection.got.some((one) => one.type === "renewed" && one.renewal === renewal);
  }

  /** Sends an operation and lets time pass until it has a result. */
  async do(
    connection: GuestConnection,
    operation: GuestOperation,
    options: RunOptions = {},
  ): Promise<GuestOutcome | string> {
    const number = connection.run(operation, options);
    for (let waits = 0; waits < 400; waits++) {
      const result = connection.resultOf(number);
      if (result !== undefined) return result;
      await this.#cluster.pass(10);
    }
    throw new Error(`no result of ${operation.type}`);
  }
}
