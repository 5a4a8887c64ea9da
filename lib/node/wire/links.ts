import type { Transport, TransportUser } from "../../../transports/transport.ts";
import { Intake } from "./intake.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Reachability } from "./routes.ts";

/** Peers remembered, to bound memory; frames to a forgotten peer go out on every transport. */
const MAX_PEERS = 10_000;

/** Silence of a peer after which its transport may be broken, in milliseconds. */
const SILENCE = 5_000;

/**
 * The transports of one node. Frames to a peer go out on the transport on which it was heard last, and on all
 * transports when it was not heard for a while.
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
   * Opens all transports. `receive` is called with each frame, `report` with each error of a transport; `user`
   * gives the transports access to the node.
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

  /** The number of frames that arrived and were lost because they came faster than they could be handled. */
  get lost(): number {
    return this.#intake?.lost ?? 0;
  }

  /** Sends a frame to one peer. */
  send(to: string, frame: Uint8Array): void {
    const heard = this.#heardLately(to);
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

  /** Closes all transports; never rejects. */
  async close(): Promise<void> {
    this.#intake?.close();
    await Promise.allSettled(this.#transports.map(async (transport) => await transport.close()));
  }

  /** The transport on which `peer` was heard last, unless that was too long ago. */
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
