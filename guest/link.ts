import { decodeDown, encodeUp } from "../lib/codec/guest_frame.ts";
import type { DownFrame, DownMessage, UpMessage } from "../lib/codec/guest_messages.ts";
import { SynodError } from "../lib/errors.ts";
import type { LamportClock } from "../lib/paxos/ballot.ts";
import { Gateway, Gateways } from "./gateway.ts";
import type { GuestIdentity, GuestTransport, Line, LineEnd } from "../transports/guest_line.ts";
import type { GuestOperations, Outlet, Ready } from "./operations.ts";
import { addressOf } from "../transports/link/reasons.ts";
import { Retries } from "./retries.ts";
import type { GuestSession } from "./session.ts";
import type { GuestShell } from "./shell.ts";

/** Messages of one frame, and their approximate size in bytes. */
const MAX_MESSAGES = 100;
const MAX_BATCH = 2 ** 20;

/** The size of a message besides its value, in bytes. */
const MESSAGE_BYTES = 100;

/** Bounds of the time from the first message of a connection to the welcome, in milliseconds. */
const SHORTEST_PATIENCE = 1_000;
const LONGEST_PATIENCE = 5_000;

/** Looks at the connection per time to live, and those without a frame after which it counts as dead. */
const LOOKS = 12;
const SILENT_LOOKS = 4;

/**
 * Looks without a granted renewal after which a gateway counts as cut off from its quorum: by then two renewals
 * were not answered, and more than a third of the time to live is left for another gateway.
 */
const UNGRANTED_LOOKS = 7;
/** Connections in a row that have failed, after which that is reported. */
const REPORTED_AFTER = 5;

/** The longest reason of a lost connection that is repeated, in characters. */
const MAX_REASON = 200;

/** What the guest hears of its gateways. */
export interface LinkEvents {
  /** A gateway says who the members are. */
  readonly welcomed: (members: readonly string[]) => void;
  /** The cluster has begun again. */
  readonly restarted: (genesis: string) => void;
  /** A later life of the guest has taken its place. */
  readonly replaced: () => void;
  /** Connections to several servers in a row have failed; `why` names the last one. Once until one succeeds. */
  readonly unreachable: (why: string) => void;
  /** A server does not accept the guest's proof. */
  readonly refused: (server: string, end: LineEnd) => void;
  /** A put that another node bound to a process of the guest. Resolves to the answer. */
  readonly handover: (
    message: DownMessage & { readonly type: "handover" },
  ) => Promise<UpMessage>;
}

/** What a {@linkcode Link} needs. */
export interface LinkParts {
  readonly shell: GuestShell;
  readonly clock: LamportClock;
  readonly transport: GuestTransport;
  readonly identity: GuestIdentity;
  readonly events: LinkEvents;
}

/**
 * Keeps the guest connected to one gateway, and turns to another server when it is lost. Answers of a gateway
 * that the guest has turned away from are ignored.
 */
export class Link implements Outlet {
  /** Frame counts since the start of the guest. */
  readonly frames = { sent: 0, received: 0, dropped: 0 };
  readonly #parts: LinkParts;
  readonly #gateways = new Gateways();
  readonly #retries: Retries;
  /** Set by `start`. */
  #session!: GuestSession;
  #operations!: GuestOperations;
  #line: Line | null = null;
  #gateway: Gateway | null = null;
  /** The genesis under which the guest's session was opened; `null` before it knows one. */
  #genesis: string | null = null;
  /** The time to live that the present gateway was told. */
  #toldTtl = 0;
  /** Renewals and answers that wait for the next frame. */
  #control: UpMessage[] = [];
  #scheduled = false;
  /** The newest ticket that the present gateway was shown. */
  #shown = 0;
  #silentLooks = 0;
  #ungrantedLooks = 0;
  /** The longest time to live in the cluster: after a start no session is granted for that long. */
  #maxTtl = 0;
  #cancelTimer: () => void = () => {};
  #stopped = false;
  /** Connections in a row that ended before a welcome. */
  #failures = 0;

  /** Not connected. */
  constructor(parts: LinkParts) {
    this.#parts = parts;
    const { runtime } = parts.shell;
    this.#retries = new Retries(parts.transport.servers, () => runtime.random());
  }

  /** The gateway that takes operations now. */
  get gateway(): Gateway | null {
    return this.#gateway;
  }

  /** The id of the cluster's start under which the guest's session was opened; `null` before it knows one. */
  get genesis(): string | null {
    return this.#genesis;
  }

  /** Begins to connect. */
  start(session: GuestSession, operations: GuestOperations): void {
    this.#session = session;
    this.#operations = operations;
    this.#connect();
  }

  /** Says farewell and ends the connection. */
  stop(): void {
    if (this.#stopped) return;
    const line = this.#line;
    const isWelcome = this.#gateway !== null;
    const farewell = isWelcome ? this.#frame([{ type: "bye" }]) : undefined;
    this.#stopped = true;
    this.#detach();
    line?.close(farewell);
  }

  /** Sends a message with the next frame. */
  post(message: UpMessage): void {
    this.#control.push(message);
    this.schedule();
  }

  /** Sends what waits at the end of this turn of the event loop. */
  schedule(): void {
    if (this.#scheduled || this.#gateway === null) return;
    this.#scheduled = true;
    this.#parts.shell.runtime.defer(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #connect(): void {
    if (this.#stopped) return;
    const { transport, identity } = this.#parts;
    const patience = Math.min(LONGEST_PATIENCE, Math.max(SHORTEST_PATIENCE, this.#session.ttl / 2));
    this.#await(patience, () => this.#drop("there was no answer in time"));
    const isPresent = () => this.#line === line;
    const line: Line = transport.connect(this.#retries.server, identity, {
      opened: () => void (isPresent() && this.#greet()),
      received: (frame) => void (isPresent() && this.#receive(frame)),
      ended: (end) => void (isPresent() && this.#ended(end)),
      ask: () => isPresent() && this.#gateway !== null ? this.#frame([]) : new Uint8Array(0),
    });
    this.#line = line;
  }

  /** The first frame of a connection: it names no gateway, since the guest does not know which one it meets. */
  #greet(): void {
    const { ttl, number, isGranted } = this.#session;
    this.#toldTtl = ttl;
    this.#shown = 0;
    this.#control = [];
    this.#session.attach();
    const hello = { type: "hello", ttl, session: isGranted ? number : 0 } as const;
    this.#send([hello, ...this.#control.splice(0, MAX_MESSAGES - 1)]);
  }

  #receive(bytes: Uint8Array): void {
    this.frames.received++;
    this.#silentLooks = 0;
    const decoded = decodeDown(bytes);
    if (!decoded.ok) {
      this.frames.dropped++;
      const what = decoded.reason === "version" ? `version ${decoded.version}` : decoded.detail;
      return this.#drop(`a frame that cannot be read: ${what}`);
    }
    const { frame } = decoded;
    const { clock, shell } = this.#parts;
    if (this.#gateway !== null && frame.gateway !== this.#gateway.life) {
      return this.#drop("another member has answered");
    }
    clock.observe(frame.clock);
    if (this.#isOther(frame)) return;
    const gateway = this.#gateway ?? this.#gateways.get(
      frame.gateway,
      () => new Gateway(frame.gateway, this.#toldTtl, () => shell.runtime.clockError()),
    );
    gateway.tickets.got(frame.ticket, shell.reading());
    const line = this.#line;
    for (const message of frame.messages) {
      // A listener may have closed the guest, or the gateway the connection.
      if (this.#line !== line) return;
      this.#take(gateway, message);
    }
    // Operations wait for a ticket, or extend the time that the gateway has for them.
    if (this.#operations.size > 0) this.schedule();
    line?.expect(this.#operations.isWaiting);
  }

  /** Whether the gateway lives under another genesis than the guest's session: that is over then. */
  #isOther({ genesis }: DownFrame): boolean {
    if (genesis === null || genesis === this.#genesis) return false;
    if (this.#genesis === null) {
      this.#genesis = genesis;
      return false;
    }
    this.#genesis = null;
    this.#drop("the cluster has begun again", true);
    this.#session.end();
    this.#parts.events.restarted(genesis);
    return true;
  }

  #take(gateway: Gateway, message: DownMessage): void {
    const { events, shell } = this.#parts;
    switch (message.type) {
      case "welcome": {
        this.#gateway = gateway;
        this.#maxTtl = message.maxTtl;
        this.#failures = 0;
        shell.silence = "";
        shell.maxValueBytes = message.maxValueBytes;
        shell.operations.recover();
        if (this.#session.limit(message.maxTtl)) this.#session.attach();
        this.#watch();
        events.welcomed(message.members);
        return this.schedule();
      }
      case "renewed":
        this.#retries.worked();
        this.#ungrantedLooks = 0;
        return this.#session.renewed(message.session, message.renewal);
      case "lapsed":
        return this.#session.lapsed(message.session);
      case "handover": {
        const line = this.#line;
        events.handover(message).then((answer) => line === this.#line && this.post(answer));
        return;
      }
      case "bye":
        return this.#bidden(message.code, message.message);
      default:
        return this.#operations.took(message);
    }
  }

  #bidden(code: string, reason: string): void {
    const isOff = code === "clients_off";
    if (isOff) this.#parts.shell.operations.fail(new SynodError(code, reason));
    if (code === "replaced" || code === "unauthorized") return this.#ended({ kind: code, reason });
    if (isOff || code === "queue_full") return this.#ended({ kind: "full", reason });
    this.#drop(reason, code === "restarted");
  }

  /** Gives the connection up. `isSame`: the same server is tried first. */
  #drop(reason: string, isSame = false): void {
    this.#line?.close();
    this.#ended({ kind: "lost", reason }, isSame);
  }

  #ended(end: LineEnd, isSame = false): void {
    const { events, shell } = this.#parts;
    const server = this.#retries.server;
    if (!this.#stopped) this.#lost(server, end.reason);
    this.#line?.close();
    this.#detach();
    if (this.#stopped) return;
    const wait = isSame ? this.#retries.same() : this.#retries.next(end.kind);
    this.#cancelTimer = shell.runtime.setTimer(() => this.#connect(), wait);
    if (end.kind === "replaced") return events.replaced();
    if (end.kind === "unauthorized") events.refused(server, end);
  }

  /** Notes for people why there is no gateway. */
  #lost(server: string, reason: string): void {
    const { events, shell } = this.#parts;
    const said = reason.replace(/[^\x20-\x7e]/g, "?").slice(0, MAX_REASON);
    const why = shell.silence = `there is no gateway (${nameOf(server)}: ${said})`;
    this.#failures++;
    if (this.#failures === REPORTED_AFTER) events.unreachable(why);
  }

  #detach(): void {
    this.#cancelTimer();
    this.#line = null;
    this.#gateway = null;
    this.#control = [];
    this.#session.detach();
    this.#operations.detach();
  }

  #await(time: number, late: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#parts.shell.runtime.setTimer(late, time);
  }

  /**
   * Gateways that push send a frame at least every tenth of the time to live. Counts looks instead of time: a
   * process that was paused reads the frames that have come first.
   */
  #watch(): void {
    const { isPushed } = this.#parts.transport;
    this.#silentLooks = 0;
    this.#ungrantedLooks = 0;
    const look = () => {
      if (++this.#silentLooks >= SILENT_LOOKS && isPushed) {
        return this.#drop("the gateway is silent");
      }
      const first = LOOKS * (1 + this.#maxTtl / this.#toldTtl);
      const patience = this.#session.isGranted ? UNGRANTED_LOOKS : first;
      if (++this.#ungrantedLooks >= patience) return this.#drop("the gateway has no quorum");
      this.#await(this.#toldTtl / LOOKS, look);
    };
    this.#await(this.#toldTtl / LOOKS, look);
  }

  #flush(): void {
    // After a pause this may run before the timer that ends the session: nothing is sent in its name any more.
    this.#session.check();
    const gateway = this.#gateway;
    if (gateway === null) return;
    let messages: UpMessage[] = [];
    let size = 0;
    const add = ({ message, size: more }: Ready) => {
      if (messages.length >= MAX_MESSAGES || (size + more > MAX_BATCH && messages.length > 0)) {
        this.#send(messages);
        [messages, size] = [[], 0];
      }
      messages.push(message);
      size += more;
    };
    for (const message of this.#control.splice(0)) add({ message, size: sizeOf(message) });
    for (const ready of this.#operations.take(gateway, this.#parts.shell.reading())) add(ready);
    const isNew = gateway.tickets.newest > this.#shown;
    const mustShow = isNew && this.#parts.transport.isPushed && this.#operations.isWriting;
    if (messages.length > 0 || mustShow) this.#send(messages);
    this.#line?.expect(this.#operations.isWaiting);
  }

  #send(messages: readonly UpMessage[]): void {
    this.frames.sent++;
    this.#line?.send(this.#frame(messages));
  }

  #frame(messages: readonly UpMessage[]): Uint8Array {
    const gateway = this.#gateway;
    if (gateway !== null) this.#shown = gateway.tickets.show();
    return encodeUp({
      gateway: gateway?.life ?? null,
      genesis: this.#genesis,
      ticket: gateway === null ? 0 : this.#shown,
      ...this.#operations.over(),
      messages,
    });
  }
}

/** The approximate size of a renewal or an answer, in bytes. */
function sizeOf(message: UpMessage): number {
  const isAgreed = message.type === "handed" && message.outcome.type === "agreed";
  return MESSAGE_BYTES + (isAgreed ? message.outcome.value?.length ?? 0 : 0);
}

/** The server for texts: an address without its query, which may be secret. */
function nameOf(server: string): string {
  return URL.canParse(server) ? addressOf(new URL(server)) : server;
}
