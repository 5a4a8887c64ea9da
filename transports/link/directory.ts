import type { TransportUser } from "../transport.ts";
import type { CheckedAddresses } from "./addresses.ts";
import { addressOf } from "./reasons.ts";
import type { ConnectionReports } from "./reports.ts";

/** What connects to one peer, and connects again whenever that ends. */
export interface PeerLink {
  /** Begins to connect. */
  start(): void;
  /** Makes no more attempts; a connection goes on. */
  rest(): void;
  /** Connects again, if there is no connection. */
  resume(): void;
  /** Tries now instead of later, if there is no connection. */
  hint(): void;
}

/** Where one peer is: asked before each attempt to connect to it. */
export interface PeerAddress {
  /** The address for an attempt, or why there is none. */
  ask(): URL | string;
  /** The address of the latest attempt; `null`: there was none. */
  readonly latest: URL | null;
}

/** The settings and callbacks of a {@linkcode Directory}. */
export interface DirectoryOptions<L extends PeerLink> extends CheckedAddresses {
  /** The name of the transport, for texts. */
  readonly transport: string;
  readonly self: string;
  readonly user: TransportUser | undefined;
  readonly reports: ConnectionReports;
  /** Whether there is a connection to this peer, made by any of the two. */
  readonly isConnected: (id: string) => boolean;
  /** Makes what connects to a peer; `null`: this node connects to no peers. */
  readonly connect: (id: string, address: PeerAddress) => L | null;
}

/**
 * The peers that a transport connects to: those with an address in a table, or the members of the cluster, as they come
 * and go, whose addresses a function of the user says.
 */
export class Directory<L extends PeerLink> {
  readonly #options: DirectoryOptions<L>;
  readonly #links = new Map<string, L>();
  /** The members without an address of which the node was told. */
  readonly #missing = new Set<string>();

  /** Connects to nothing before `follow`. */
  constructor(options: DirectoryOptions<L>) {
    this.#options = options;
  }

  /** The host of this node, if it has an address of its own. */
  get ownHost(): string | undefined {
    const { peers, peerRule, self, user } = this.#options;
    if (peerRule === null || !user?.members.includes(self)) return peers.get(self)?.hostname;
    try {
      return peerRule(self)?.hostname;
    } catch {
      // The other nodes report it: this one does not need its own address.
      return undefined;
    }
  }

  /** What connects to this peer, if this node does. */
  get(id: string): L | undefined {
    return this.#links.get(id);
  }

  /** Each peer that this node connects to. */
  [Symbol.iterator](): IterableIterator<[string, L]> {
    return this.#links.entries();
  }

  /** Connects to the peers that there are now, and no more to those that are gone. */
  follow(): void {
    const { peers, peerRule, user } = this.#options;
    const members = new Set(user?.members);
    members.delete(this.#options.self);
    if (peerRule === null) this.#followTable(peers, members);
    else this.#followMembers(members);
  }

  /** An attempt to connect to `id` at `address` has failed. */
  failed(id: string, why: string, address: URL | null): void {
    const { user, isConnected } = this.#options;
    // Without an address it is no failure that no attempt was made.
    if (address === null && isConnected(id)) return;
    user?.failed?.(id, address === null ? why : `${addressOf(address)}: ${why}`);
  }

  #followTable(peers: ReadonlyMap<string, URL>, members: Iterable<string>): void {
    for (const id of peers.keys()) {
      if (id !== this.#options.self && !this.#links.has(id)) this.#connect(id);
    }
    for (const member of members) {
      if (peers.has(member) || this.#missing.has(member)) continue;
      this.#missing.add(member);
      this.failed(member, this.#without, null);
    }
  }

  #followMembers(members: ReadonlySet<string>): void {
    for (const member of members) {
      const link = this.#links.get(member);
      link?.resume();
      link?.hint();
      if (link === undefined) this.#connect(member);
    }
    for (const [id, link] of this.#links) if (!members.has(id)) link.rest();
  }

  get #without(): string {
    return `${this.#options.transport}: peers has no address of it, and it has not connected`;
  }

  #connect(id: string): void {
    const ask = () => this.#ask(id);
    const address = {
      latest: null as URL | null,
      ask() {
        const found = ask();
        this.latest = found instanceof URL ? found : null;
        return found;
      },
    };
    const link = this.#options.connect(id, address);
    if (link === null) return;
    this.#links.set(id, link);
    link.start();
  }

  #ask(id: string): URL | string {
    const { peers, peerRule, reports } = this.#options;
    if (peerRule === null) return peers.get(id) ?? this.#without;
    try {
      return peerRule(id) ?? this.#without;
    } catch (error) {
      reports.failed(id, error as Error);
      return (error as Error).message;
    }
  }
}
