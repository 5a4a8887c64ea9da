import { byChance } from "./by_chance.ts";
import { checkNodeId } from "./options.ts";
import type { QueuedPeer } from "./queued_peer.ts";

/** Known peers; above that a random peer without an address has to make room. */
export const MAX_PEERS = 10_000;

/** What the peers of a transport depend on. */
export interface PeersOptions<P extends QueuedPeer> {
  /** The name of the transport, for error messages. */
  readonly transport: string;
  /** A peer that is not connected yet. */
  readonly make: (id: string) => P;
  /** Whether this node knows an address of that node. Such peers keep their places. */
  readonly hasAddress: (id: string) => boolean;
}

/** The other nodes that a transport reaches, from its opening to its end. */
export class Peers<P extends QueuedPeer> {
  readonly #options: PeersOptions<P>;
  readonly #peers = new Map<string, P>();
  #state: "new" | "open" | "closed" = "new";
  #receive: (from: string, frame: Uint8Array) => void | Promise<void> = () => {};

  /** Knows no peer yet. */
  constructor(options: PeersOptions<P>) {
    this.#options = options;
  }

  /** Whether the transport is open. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** The number of peers. */
  get size(): number {
    return this.#peers.size;
  }

  /** Whether no peer is connected. */
  get areLost(): boolean {
    for (const peer of this.#peers.values()) if (peer.isConnected) return false;
    return true;
  }

  /** All peers. */
  [Symbol.iterator](): IterableIterator<P> {
    return this.#peers.values();
  }

  /** Opens the transport of the node `self`; throws a `TypeError` for a second time and for a bad id. */
  open(self: string, receive: (from: string, frame: Uint8Array) => void | Promise<void>): void {
    const { transport } = this.#options;
    if (this.#state !== "new") {
      const why = this.#state === "open" ? "is open already" : "was closed";
      throw new TypeError(`${transport}: this transport ${why}, and opens only once`);
    }
    checkNodeId(transport, "self", self);
    this.#state = "open";
    this.#receive = receive;
  }

  /** Closes the transport: nothing is received or sent any more. */
  close(): void {
    this.#state = "closed";
  }

  /** Sends a frame to one peer, or to all of them (`"*"`). */
  send(to: string, frame: Uint8Array): void {
    if (!this.isOpen) return;
    if (to !== "*") this.#peers.get(to)?.send(frame);
    else for (const peer of this.#peers.values()) peer.send(frame);
  }

  /** Whether a frame to this node can be sent now. */
  reaches(to: string): boolean {
    return this.isOpen && this.#peers.get(to)?.isConnected === true;
  }

  /** Hands a frame to the node. Returns a promise if it is behind, which resolves when it can take more. */
  deliver(from: string, frame: Uint8Array): Promise<void> | undefined {
    if (!this.isOpen) return undefined;
    try {
      return this.#receive(from, frame) ?? undefined;
    } catch {
      // An error of the receiver is not an error of the transport.
      return undefined;
    }
  }

  /** The peer with this id, if it is known. */
  get(id: string): P | undefined {
    return this.#peers.get(id);
  }

  /** The peer with this id. */
  obtain(id: string): P {
    let peer = this.#peers.get(id);
    if (peer === undefined) this.#peers.set(id, peer = this.#options.make(id));
    return peer;
  }

  /** Forgets a peer that is lost, unless it has an address: others may never come back. */
  forget(peer: P): void {
    if (peer.isLost && !this.#options.hasAddress(peer.id)) this.#peers.delete(peer.id);
  }

  /** Whether there is room for the peer `id`. `evict` has to disconnect the peer that makes room for it. */
  admits(id: string, evict: (peer: P) => void): boolean {
    if (this.#peers.has(id) || this.#peers.size < MAX_PEERS) return true;
    const other = byChance(this.#peers.values(), ({ id }) => !this.#options.hasAddress(id));
    if (other !== undefined) evict(other);
    return this.#peers.size < MAX_PEERS;
  }
}
