import { type OptionNames, refuseUnknown } from "../../lib/options.ts";
import {
  checkCredentials,
  type CredentialOptions,
  CREDENTIALS,
  type Credentials,
  refuseToken,
} from "../auth/credentials.ts";
import { type CheckedAddresses, checkPeers, type PeerAddresses } from "../link/addresses.ts";
import { checkCluster } from "../link/options.ts";
import { show } from "../../lib/show.ts";

/** The part of Hono's `WSContext` that the transport uses. */
export interface ServerSocket {
  /** Sends one message. */
  send(data: string | Uint8Array<ArrayBuffer>): void;
  /** Closes the connection. */
  close(code?: number, reason?: string): void;
  /** The socket of the runtime. */
  raw?: unknown;
}

/** The listeners of an accepted WebSocket: Hono's `WSEvents`. */
export interface ServerSocketEvents {
  /** Called when the connection is made; some runtimes do not call it. */
  onOpen(event: unknown, socket: ServerSocket): void;
  /** Called with each message. */
  onMessage(event: { data: unknown }, socket: ServerSocket): void;
  /** Called when the connection has ended. */
  onClose(event: { code: number; reason: string }, socket: ServerSocket): void;
  /** Called when the connection has failed. */
  onError(event: unknown, socket: ServerSocket): void;
}

/**
 * Hono's helper `upgradeWebSocket` for a runtime. It makes a handler from a function that returns the
 * listeners of one connection ({@linkcode ServerSocketEvents}), and from options for the runtime.
 */
// deno-lint-ignore no-explicit-any -- each runtime's helper has its own context, socket, options and result
export type UpgradeWebSocket = (createEvents: (context: any) => any, options?: any) => any;

/** The part of a `WebSocket` that the transport uses. */
export interface ClientSocket {
  /** The transport sets it to `"arraybuffer"`. */
  binaryType: string;
  /** Sends one message. */
  send(data: string | Uint8Array<ArrayBuffer>): void;
  /** Closes the connection. */
  close(code?: number, reason?: string): void;
  /** Adds a listener for `open`, `message`, `close` or `error`. */
  // deno-lint-ignore no-explicit-any -- the events of the Web and of `ws` have nothing in common
  addEventListener(type: any, listener: (event: any) => void): void;
}

/** The class `WebSocket`, or a compatible one. */
export type ClientSocketConstructor = new (url: string) => ClientSocket;

/** Options of `webSocketClient`. One of `secret` and `insecure: true` is required. */
export interface WebSocketClientOptions extends CredentialOptions {
  /** The name of the cluster. Nodes with different cluster names refuse each other. Default: `"synod"`. */
  cluster?: string;
  /**
   * The addresses of nodes by id: the URL at which the `routes` of the node are mounted, for example
   * `wss://host/synod`. The node's own entry is ignored, so all nodes may get the same object. A node
   * without an entry is reached over the connection that it makes. Or a function that says the address of a
   * member, so that members that are added later are found. Default: none.
   *
   * The function is asked with the id of each member of the cluster, whenever a connection to it is made and when the
   * members change. `null`: there is no address, now. It must not be asynchronous. If it throws, or gives no URL, the
   * node emits an `error` event, and asks again later.
   */
  peers?: PeerAddresses;
  /**
   * The class that connects, for runtimes without a global `WebSocket` or with a better one. In Node 20:
   * the `WebSocket` of the package `ws`. Default: the global `WebSocket`.
   */
  WebSocket?: ClientSocketConstructor;
}

/** Options of `webSocket`. One of `secret` and `insecure: true` is required. */
export interface WebSocketOptions extends WebSocketClientOptions {
  /**
   * Hono's helper for the runtime of this server, with which `routes` accepts connections. Without it
   * this node only connects to other nodes.
   */
  upgradeWebSocket?: UpgradeWebSocket;
}

const CLIENT_NAMES: OptionNames<WebSocketClientOptions> = {
  cluster: true,
  peers: true,
  WebSocket: true,
  ...CREDENTIALS,
};

const NAMES: OptionNames<WebSocketOptions> = { ...CLIENT_NAMES, upgradeWebSocket: true };

/** Checked options with their defaults. */
export interface ClientSettings extends CheckedAddresses {
  readonly cluster: string;
  readonly credentials: Credentials;
  readonly WebSocket: ClientSocketConstructor | null;
}

/** Checked options of a node that also takes connections. */
export interface WebSocketSettings extends ClientSettings {
  readonly upgradeWebSocket: UpgradeWebSocket | null;
}

/** The schemes of addresses; those of HTTP stand for those of WebSocket. */
const SCHEMES = ["ws:", "wss:", "http:", "https:"];

function useWebSocket(url: URL | null): URL | null {
  if (url !== null) url.protocol = url.protocol.replace("http", "ws");
  return url;
}

/** Checks the options of `webSocket`; throws a `TypeError` that names the option. */
export function checkOptions(options: WebSocketOptions): WebSocketSettings {
  const checked = check("webSocket", options, NAMES);
  const { upgradeWebSocket = null } = options;
  checkFunction("webSocket", { upgradeWebSocket });
  return { ...checked, upgradeWebSocket };
}

/** Checks the options of `webSocketClient`; throws a `TypeError` that names the option. */
export function checkClientOptions(options: WebSocketClientOptions): ClientSettings {
  const checked = check("webSocketClient", options, CLIENT_NAMES);
  if (checked.peers.size === 0 && checked.peerRule === null) {
    throw new TypeError(
      "webSocketClient: peers is required, since nodes cannot connect to this one",
    );
  }
  return checked;
}

function check<T extends WebSocketClientOptions>(
  caller: string,
  options: T,
  names: OptionNames<T>,
): ClientSettings {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`${caller}: options must be an object, received ${typeof options}`);
  }
  refuseToken(caller, options);
  refuseUnknown(caller, options, names);
  const { peers, peerRule } = checkPeers(caller, options.peers, SCHEMES);
  for (const url of peers.values()) useWebSocket(url);
  const { WebSocket = globalThis.WebSocket ?? null } = options;
  checkFunction(caller, { WebSocket });
  if ((peers.size > 0 || peerRule !== null) && WebSocket === null) {
    throw new TypeError(
      `${caller}: WebSocket is required, since this runtime has none: that of the package ws, for example`,
    );
  }
  const cluster = checkCluster(caller, options.cluster);
  return {
    cluster,
    peers,
    peerRule: peerRule === null ? null : (id) => useWebSocket(peerRule(id)),
    credentials: checkCredentials(caller, cluster, options),
    WebSocket,
  };
}

/** Throws unless the one option in `option` is a function, or `null`. */
function checkFunction(caller: string, option: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(option)) {
    if (value === null || typeof value === "function") continue;
    throw new TypeError(`${caller}: ${name} must be a function, received ${show(value)}`);
  }
}
