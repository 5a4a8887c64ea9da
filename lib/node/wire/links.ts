import type { Transport, TransportUser } from "../../../transports/transport.ts";
import { type Arrived, Intake, type RestOfFrame } from "./intake.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Reachability } from "./routes.ts";

/** Peers remembered, to bound memory; frames to a forgotten peer go out on every transport. */
const MAX_PEERS = 10_000;

/** Silence of a peer after which its transport may be broken, in milliseconds. */
const SILENCE = 5_000;

/** Silence of a peer after which a frame says that the way to it has opened again, in milliseconds. */
const LOST = 1_000;

/** Shortest time between two hints about one peer, in milliseconds. */
const HINT_INTERVAL = 1_000;

/**
 * The transports of one node. Frames to a peer go out on the transport on which it was heard last, and on all
 * transports when it was not heard for a while.
 */
export class Links {
  readonly #self: string;
  readonly #transports: readonly Transport[];
  readonly #runtime: Runtime;
  readonly #heard = new Map<string, { transport: Transport; at: number; hinted: number }>();
  #reached: (peer: string, isFirst: boolean) => void = () => {};
  #intake: Intake | null = null;
  #isClosed = false;

  /** Opens nothing yet. */
  constructor(self: string, transports: readonly Transport[], runtime: Runtime) {
    this.#runtime = runtime;
    this.#self = self;
    this.#transports = transports;
  }

  /**
   * Opens all transports. `receive` is called with each frame and the time, and with the rest of one that it returns;
   * `report` with each error of a transport; `user` gives the transports access to the node. `heard` is called with a
   * peer that is heard for the first time, or after a silence; `dropped` with each frame that is lost because too many
   * wait.
   */
  async open(
    receive: (from: string, frame: Arrived, now: number) => RestOfFrame | void,
    report: (error: Error) => void,
    user: TransportUser,
    heard: (peer: string, isFirst: boolean) => void = () => {},
    dropped: (from: string, frame: Arrived) => void = () => {},
  ): Promise<void> {
    const intake = this.#intake = new Intake(this.#runtime, receive, dropped);
    this.#reached = heard;
    for (const transport of this.#transports) {
      if (this.#isClosed) return;
      await transport.open(
        this.#self,
        (from, frame) => {
          // Once for both: to read the clock takes as long as to handle a message.
          const now = this.#runtime.now();
          const opened = this.#note(from, transport, now);
          const taken = intake.receive(from, frame, now);
          // After its frame: what that answers must not be asked again.
          if (opened !== null) this.#reached(from, opened === "first");
          return taken;
        },
        report,
        user,
      );
      // It may have been opening when all were closed.
      if (this.#isClosed) await Promise.resolve(transport.close()).catch(() => {});
    }
  }

  /** The number of frames that arrived and were lost because they came faster than they could be handled. */
  get lost(): number {
    return this.#intake?.lost ?? 0;
  }

  /** Sends a frame to one peer. */
  send(to: string, frame: Uint8Array): void {
    // Most nodes have one transport, and read no clock to send.
    const heard = this.#transports.length > 1 ? this.#heardLately(to) : undefined;
    if (heard !== undefined && heard.reaches?.(to) !== false) return heard.send(to, frame);
    for (const transport of this.#transports) transport.send(to, frame);
  }

  /** How `to` can be reached, by what the transports know, or by what was heard from it lately. */
  reachability(to: string): Reachability {
    let known = true;
    for (const transport of this.#transports) {
      const reaches = transport.reaches?.(to);
      if (reaches === true) return "direct";
      if (reaches === undefined) known = false;
    }
    if (known) return "none";
    const heard = this.#heardLately(to);
    return heard !== undefined && heard.reaches === undefined ? "direct" : "unknown";
  }

  /** Tells the transports that the members have changed. */
  membersChanged(): void {
    for (const transport of this.#transports) transport.membersChanged?.();
  }

  /** Closes all transports; never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#intake?.close();
    await Promise.allSettled(this.#transports.map(async (transport) => await transport.close()));
  }

  /** The transport on which `peer` was heard last, unless that was too long ago. */
  #heardLately(peer: string): Transport | undefined {
    const heard = this.#heard.get(peer);
    if (heard === undefined || this.#runtime.now() - heard.at >= SILENCE) return undefined;
    return heard.transport;
  }

  /** When a frame of `peer` was received last; `undefined`: none was, or it is forgotten. */
  lastHeard(peer: string): number | undefined {
    return this.#heard.get(peer)?.at;
  }

  /**
   * Tells the transports without a connection to `peer` that it was heard, or heard of, by another way. `restarted`:
   * that it has a new process, which is told once and does not wait for its turn.
   */
  hint(peer: string, restarted = false): void {
    const now = this.#runtime.now();
    const heard = this.#heard.get(peer);
    if (!restarted && heard !== undefined && now - heard.hinted < HINT_INTERVAL) return;
    if (heard !== undefined) heard.hinted = now;
    for (const transport of this.#transports) {
      if (transport.reaches?.(peer) === false) transport.hint?.(peer);
    }
  }

  /** Notes that `from` was heard; returns whether that was for the first time, or after a silence. */
  #note(from: string, transport: Transport, now: number): "first" | "again" | null {
    const heard = this.#heard.get(from);
    if (this.#transports.length > 1) this.hint(from);
    if (heard !== undefined) {
      const wasLost = now - heard.at >= LOST ? "again" : null;
      heard.transport = transport;
      heard.at = now;
      return wasLost;
    }
    this.#heard.set(from, { transport, at: now, hinted: now });
    for (const oldest of this.#heard.keys()) {
      if (this.#heard.size <= MAX_PEERS) break;
      this.#heard.delete(oldest);
    }
    return "first";
  }
}
