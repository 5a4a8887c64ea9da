import type { Life } from "../../paxos/ballot.ts";
import type { RelayRequest, Request } from "../../paxos/messages.ts";
import { payloadSize } from "../../codec.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Reachability } from "./routes.ts";

/** Period of each peer's allowance, in milliseconds. */
const PERIOD = 1_000;

/**
 * Messages of one peer passed on in one period, and their bytes in all, so that one peer cannot exhaust the
 * relay.
 */
const MAX_MESSAGES = 10_000;
const MAX_BYTES = 32 * 2 ** 20;

/** Peers served in one period, to bound memory. */
const MAX_PEERS = 10_000;

/** What a relay works with. */
export interface RelayOptions {
  readonly self: string;
  readonly runtime: Runtime;
  /** How this member is connected to a node. */
  readonly reachability: (to: string) => Reachability;
  /** Sends a request to a node, directly only. */
  readonly send: (to: string, request: Request) => void;
  /** Returns a new number for each request. */
  readonly nextId: () => number;
}

interface Allowance {
  messages: number;
  bytes: number;
}

/**
 * Passes messages on between two nodes that are not connected to each other. It keeps nothing: a message is
 * sent on in the same turn or lost, and its sender sends it again. A reply travels back as a message of its
 * own.
 */
export class Relay {
  readonly #options: RelayOptions;
  /** What each peer has used in the present period. */
  readonly #used = new Map<string, Allowance>();
  #began = -Infinity;

  /** A relay that has passed on nothing yet. */
  constructor(options: RelayOptions) {
    this.#options = options;
  }

  /**
   * Passes on a message of the given life of `from`; returns `false` without a connection to its destination. A
   * message beyond the allowance is dropped.
   */
  pass(from: string, life: Life, { to, payload }: RelayRequest): boolean {
    const { self, reachability, send, nextId } = this.#options;
    if (to === self || to === from || !this.#allows(from, payloadSize(payload))) return true;
    if (reachability(to) === "none") return false;
    send(to, { id: nextId(), type: "relayed", from, life, payload });
    return true;
  }

  /**
   * Whether the allowance of `peer` permits `bytes` more. One peer must not use up the time, and the room in
   * the queues, that all peers need.
   */
  #allows(peer: string, bytes: number): boolean {
    const now = this.#options.runtime.now();
    if (now - this.#began >= PERIOD) {
      this.#began = now;
      this.#used.clear();
    }
    let used = this.#used.get(peer);
    if (used === undefined) {
      if (this.#used.size >= MAX_PEERS) return false;
      this.#used.set(peer, used = { messages: 0, bytes: 0 });
    }
    if (used.messages >= MAX_MESSAGES || used.bytes + bytes > MAX_BYTES) return false;
    used.messages++;
    used.bytes += bytes;
    return true;
  }
}
