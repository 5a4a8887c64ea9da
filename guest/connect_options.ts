import { isNodeId, NODE_ID_FORM } from "../lib/codec/names.ts";
import { checkKnown, checkLimits, type OptionNames, refuseUnless } from "../lib/options.ts";
import type { Life } from "../lib/paxos/ballot.ts";
import type { GuestTransport } from "../transports/guest_line.ts";
import type { ClientSocketConstructor } from "./web_socket_line.ts";

/** Options of `connect`. */
export interface ConnectOptions {
  /** The id of the guest: 1 to 64 of `A-Z a-z 0-9 . _ -`, and not that of a member. In pids it is `~id`. */
  id: string;
  /**
   * The addresses of servers: `ws:` or `wss:` for WebSocket, `http:` or `https:` for requests. The guest connects
   * to one of them, in random order, and to the next one when it is lost.
   */
  servers?: readonly (string | URL)[];
  /** In place of `servers`: other connections, for example those of a memory network. */
  transport?: GuestTransport;
  /** Returns a short-lived token for this id, made by `nodeToken` on a server. Called for each connection. */
  token?: () => string | Promise<string>;
  /** In place of `token`, for an edge function that knows the secret of the cluster: 16 characters or more. */
  secret?: string;
  /** In place of `token`: the servers are `insecure`, and take any guest at its word. */
  insecure?: boolean;
  /** The name of the cluster. Default: `"synod"`. */
  cluster?: string;
  /**
   * Time without a quorum after which everything that the guest owns is free for others, in milliseconds: 100 to
   * 600,000. The cluster may shorten it. Default: 5,000.
   */
  sessionTtl?: number;
  /** Time for which an operation looks for a quorum, in milliseconds. Default: 2,000. */
  timeout?: number;
  /** Time limit of a call of a singleton that sets none itself, in milliseconds. Default: 30,000. */
  callTimeout?: number;
  /** Aborting it closes the guest. */
  signal?: AbortSignal;
  /** The class of the sockets. Default: the global `WebSocket`. */
  WebSocket?: ClientSocketConstructor;
  /** The function that makes requests. Default: the global `fetch`. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** Checked options with all defaults. */
export interface ConnectSettings {
  readonly id: string;
  readonly life: Life;
  readonly transport: GuestTransport;
  readonly sessionTtl: number;
  readonly timeout: number;
  readonly callTimeout: number;
  readonly signal: AbortSignal | undefined;
}

const NAMES: OptionNames<ConnectOptions> = {
  id: true,
  servers: true,
  transport: true,
  token: true,
  secret: true,
  insecure: true,
  cluster: true,
  sessionTtl: true,
  timeout: true,
  callTimeout: true,
  signal: true,
  WebSocket: true,
  fetch: true,
};

/** The settings that the options give by themselves. */
export type CheckedOptions = Omit<ConnectSettings, "life" | "transport">;

/**
 * Checks the options of `connect`, but not those about servers; throws a `TypeError` that names the option and the
 * value received.
 */
export function checkOptions(options: ConnectOptions): CheckedOptions {
  checkKnown("connect", options, NAMES);
  const { id, signal } = options;
  refuseUnless(isNodeId(id), "connect", "id", NODE_ID_FORM, id);
  checkLimits("connect", { signal });
  return {
    id,
    sessionTtl: integer(options, "sessionTtl", 5_000, 100, 600_000),
    timeout: integer(options, "timeout", 2_000, 1, 2 ** 31 - 1),
    callTimeout: integer(options, "callTimeout", 30_000, 1, 2 ** 31 - 1),
    signal,
  };
}

/** Checks the option `transport`, which is given. */
export function checkTransport({ transport, ...others }: ConnectOptions): GuestTransport {
  for (const name of ["servers", "token", "secret", "insecure"] as const) {
    if (others[name] !== undefined) {
      throw new TypeError(`connect: transport excludes ${name}`);
    }
  }
  const { servers, connect } = (transport ?? {}) as Partial<GuestTransport>;
  const isTransport = Array.isArray(servers) && servers.length > 0 && typeof connect === "function";
  refuseUnless(isTransport, "connect", "transport", "a GuestTransport with servers", transport);
  return transport!;
}

function integer(
  options: ConnectOptions,
  name: "sessionTtl" | "timeout" | "callTimeout",
  otherwise: number,
  least: number,
  most: number,
): number {
  const value = options[name] === undefined ? otherwise : options[name];
  const isWithin = Number.isInteger(value) && value >= least && value <= most;
  refuseUnless(isWithin, "connect", name, `an integer from ${least} to ${most}`, value);
  return value;
}
