import type { Transport, TransportUser } from "../../../transports/transport.ts";
import { Intake } from "./intake.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Way } from "./routes.ts";

/** After so many peers the oldest is forgotten: it is sent to on every transport then. */
const MAX_PEERS = 10_000;

/** A transport on which a peer was not heard for so many milliseconds may be broken. */
const SILENCE = 5_000;

/**
 * The transports of one node. Each peer is sent to on the transport on which it was heard last, and on
 * all of them when it was not heard for a while.
 */
export class Links {
  readonly #self: string;
  readonly #transports: readonly Transport[];
  readonly #runtime: Runtime;
  readonly #heard = new Map<string, { transport: Transport; at: number }>();
  #intake: Intake | null = null;

  /** Opens nothing yet. */
  constructor(self: string, transports: readonly Transport[], runtime: Runtime) {
    this.#runtime = runtime;
    this.#self = self;
    this.#transports = transports;
  }

  /**
   * Opens all; `receive` is called with each frame, `report` with what is wrong with a transport. `user` tells
   * them of the node.
   */
  async open(
    receive: (from: string, frame: Uint8Array) => void,
    report: (error: Error) => void,
    user: TransportUser,
  ): Promise<void> {
    const intake = this.#intake = new Intake(this.#runtime, receive);
    for (const transport of this.#transports) {
      await transport.open(
        this.#self,
        (from, frame) => {
          this.#note(from, transport);
          intake.receive(from, frame);
        },
        report,
        user,
      );
    }
  }

  /** How many frames arrived and were lost, since they came faster than they could be handled. */
  get lost(): number {
    return this.#intake?.lost ?? 0;
  }

  /** Sends a frame to one peer. */
  send(to: string, frame: Uint8Array): void {
    const heard = this.#heardLately(to);
    if (heard !== undefined && heard.reaches?.(to) !== false) return heard.send(to, frame);
    for (const transport of this.#transports) transport.send(to, frame);
  }

  /** Whether `to` can be sent anything: what the transports know, or what was heard from there lately. */
  way(to: string): Way {
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

  /** Closes all; never rejects. */
  async close(): Promise<void> {
    this.#intake?.close();
    await Promise.allSettled(this.#transports.map(async (transport) => await transport.close()));
  }

  /** The transport that last brought a frame of `peer`, unless that is too long ago. */
  #heardLately(peer: string): Transport | undefined {
    const heard = this.#heard.get(peer);
    if (heard === undefined || this.#runtime.now() - heard.at >= SILENCE) return undefined;
    return heard.transport;
  }

  #note(from: string, transport: Transport): void {
    const heard = this.#heard.get(from);
    if (heard !== undefined) {
      heard.transport = transport;
      heard.at = this.#runtime.now();
      return;
    }
    this.#heard.set(from, { transport, at: this.#runtime.now() });
    for (const oldest of this.#heard.keys()) {
      if (this.#heard.size <= MAX_PEERS) break;
      this.#heard.delete(oldest);
    }
  }
}
