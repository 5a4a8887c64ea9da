import type { Life } from "../../paxos/ballot.ts";
import type { RelayRequest, Request } from "../../paxos/messages.ts";
import { payloadSize } from "../../codec.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Way } from "./routes.ts";

/** So long a peer's allowance has to do, in milliseconds. */
const PERIOD = 1_000;

/** In that time so many messages of one peer are passed on, of so many bytes in all. */
const MAX_MESSAGES = 10_000;
const MAX_BYTES = 32 * 2 ** 20;

/** In that time something is passed on for so many peers. */
const MAX_PEERS = 10_000;

/** What a member that passes on works with. */
export interface RelayOptions {
  readonly self: string;
  readonly runtime: Runtime;
  /** How this member is connected to a node. */
  readonly way: (to: string) => Way;
  /** Sends a request to a node that this member is connected to, and by no other way. */
  readonly send: (to: string, request: Request) => void;
  /** A number for each request. */
  readonly nextId: () => number;
}

interface Allowance {
  messages: number;
  bytes: number;
}

/**
 * What a member passes on between two nodes that are not connected to each other. It keeps nothing: what it
 * gets is sent on in the same turn or lost, and whoever asked asks again. An answer takes the same way back
 * as a message of its own.
 */
export class Relay {
  readonly #options: RelayOptions;
  /** What each peer has had in the present period. */
  readonly #used = new Map<string, Allowance>();
  #began = -Infinity;

  /** Has passed on nothing yet. */
  constructor(options: RelayOptions) {
    this.#options = options;
  }

  /** Passes on what that life of `from` said; `false`: there is no connection to the node it is for. */
  pass(from: string, life: Life, { to, payload }: RelayRequest): boolean {
    const { self, way, send, nextId } = this.#options;
    if (to === self || to === from || !this.#allows(from, payloadSize(payload))) return true;
    if (way(to) === "none") return false;
    send(to, { id: nextId(), type: "relayed", from, life, payload });
    return true;
  }

  /** One peer must not take the time, and the room in the queues to others, that all need. */
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
