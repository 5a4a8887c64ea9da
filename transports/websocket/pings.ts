/** The pings that a connection may send in a second. A client that looks for silence pings every few seconds. */
const PINGS_PER_SECOND = 10;

/** Those that may come at once: what was sent while the process or the network stood still comes together. */
const BURST = 100;

/** The code of RFC 6455 for what a server does not want; the connection need not be one of Synod. */
const POLICY_VIOLATION = 1008;

/** What a server passes to its listener for pings. */
export interface PingedSocket {
  /** Ends the connection. */
  close(code?: number, reason?: string): void;
}

/** A listener for pings. */
export type PingListener = (socket: PingedSocket, data: unknown) => void;

/** Bounds the pings of each connection. */
export class PingLimit {
  readonly #now: () => number;
  /** The time at which all pings of a connection will have been due, by connection. */
  readonly #due = new WeakMap<object, number>();

  /** `now` returns a time in milliseconds that is never set back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Counts a ping; ends the connection if that is one too many. */
  take(socket: PingedSocket): void {
    const now = this.#now();
    const due = Math.max(now, this.#due.get(socket) ?? 0) + 1_000 / PINGS_PER_SECOND;
    this.#due.set(socket, due);
    if (due > now + BURST * 1_000 / PINGS_PER_SECOND) {
      socket.close(POLICY_VIOLATION, "too many pings");
    }
  }
}

/**
 * For servers in Bun: `websocket` of `hono/bun`, and a listener that ends a connection with more than ten pings a second.
 * It serves for all WebSockets of that server, those of other routes too.
 *
 * Bun answers a ping itself, before anyone else learns of it, and without a bound. If the answers are not read, each of
 * them takes a call of the system; so a stranger that sends pings without a pause could stall the process for seconds.
 *
 * @example
 * ```ts
 * import { limitPings } from "@synod/synod/transports/websocket";
 *
 * const websocket = { open() {}, message() {}, close() {} }; // that of "hono/bun"
 * const server = { port: 3000, fetch: () => new Response(), websocket: limitPings(websocket) };
 * console.log(Object.keys(server.websocket)); // [ "open", "message", "close", "ping" ]; Bun: export default server
 * ```
 */
export function limitPings<Listeners extends object>(
  websocket: Listeners & { ping?: unknown },
): Listeners & { ping: PingListener } {
  const limit = new PingLimit(() => performance.now());
  const { ping } = websocket;
  return {
    ...websocket,
    ping(socket, data) {
      limit.take(socket);
      if (typeof ping === "function") ping(socket, data);
    },
  };
}
