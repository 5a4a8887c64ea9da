import { type OptionNames, refuseUnknown } from "../../lib/options.ts";
import {
  checkCredentials,
  type CredentialOptions,
  CREDENTIALS,
  type Credentials,
} from "../auth/credentials.ts";
import { checkCluster, checkPeers, show } from "../link/options.ts";

/** What Hono hands to the listeners of a WebSocket: its `WSContext`, as far as it is used. */
export interface ServerSocket {
  /** Sends one message. */
  send(data: string | Uint8Array<ArrayBuffer>): void;
  /** Closes the connection. */
  close(code?: number, reason?: string): void;
  /** The runtime's own socket. */
  raw?: unknown;
}

/** The listeners that a WebSocket gets: Hono's `WSEvents`. */
export interface ServerSocketEvents {
  /** Called when the connection is made; not in every runtime. */
  onOpen(event: unknown, socket: ServerSocket): void;
  /** Called with each message. */
  onMessage(event: { data: unknown }, socket: ServerSocket): void;
  /** Called when the connection has ended. */
  onClose(event: { code: number; reason: string }, socket: ServerSocket): void;
  /** Called when the connection has failed. */
  onError(event: unknown, socket: ServerSocket): void;
}

/**
 * The helper `upgradeWebSocket` that Hono has for each runtime: makes a handler out of a function that
 * gives the listeners of one connection, {@linkcode ServerSocketEvents}, and of options for the runtime.
 */
// deno-lint-ignore no-explicit-any -- each runtime's helper has its own context, socket, options and result
export type UpgradeWebSocket = (createEvents: (context: any) => any, options?: any) => any;

/** What is used of a `WebSocket`. */
export interface ClientSocket {
  /** Set to `"arraybuffer"`. */
  binaryType: string;
  /** Sends one message. */
  send(data: string | Uint8Array<ArrayBuffer>): void;
  /** Closes the connection. */
  close(code?: number, reason?: string): void;
  /** Adds a listener for `open`, `message`, `close` or `error`. */
  // deno-lint-ignore no-explicit-any -- the events of the Web and of `ws` have nothing in common
  addEventListener(type: any, listener: (event: any) => void): void;
}

/** The class `WebSocket`, or one like it. */
export type ClientSocketConstructor = new (url: string) => ClientSocket;

/** How a node speaks by WebSocket. One of `secret`, `token` and `insecure: true` is required. */
export interface WebSocketOptions extends CredentialOptions {
  /** The name of the cluster: nodes of different names never talk. Default: `"synod"`. */
  cluster?: string;
  /**
   * Where nodes are reached: by id the address at which the `routes` of that node are mounted, as
   * `wss://host/synod`. The node's own entry is ignored, so all may be given the same object. Nodes
   * without an entry are reached when they connect. Default: none.
   */
  peers?: Readonly<Record<string, string | URL>>;
  /**
   * Hono's helper for the runtime of this server, by which `routes` accepts connections. Without it
   * this node only connects to others.
   */
  upgradeWebSocket?: UpgradeWebSocket;
  /**
   * What to connect with, where there is no global `WebSocket` or a better one. In Node 20: the
   * `WebSocket` of the package `ws`.
   */
  WebSocket?: ClientSocketConstructor;
}

const NAMES: OptionNames<WebSocketOptions> = {
  cluster: true,
  peers: true,
  upgradeWebSocket: true,
  WebSocket: true,
  ...CREDENTIALS,
};

/** Checked options, all there. */
export interface Settings {
  readonly cluster: string;
  readonly peers: ReadonlyMap<string, URL>;
  readonly credentials: Credentials;
  readonly upgradeWebSocket: UpgradeWebSocket | null;
  readonly WebSocket: ClientSocketConstructor | null;
}

/** Checks what the user gave; throws a `TypeError` that names the option. */
export function checkOptions(options: WebSocketOptions): Settings {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`webSocket: options must be an object, got ${show(options)}`);
  }
  refuseUnknown("webSocket", options, NAMES);
  const peers = checkPeers("webSocket", options.peers, ["ws:", "wss:", "http:", "https:"]);
  for (const url of peers.values()) url.protocol = url.protocol.replace("http", "ws");
  const { upgradeWebSocket = null, WebSocket = globalThis.WebSocket ?? null } = options;
  for (const [name, value] of Object.entries({ upgradeWebSocket, WebSocket })) {
    if (value !== null && typeof value !== "function") {
      throw new TypeError(`webSocket: ${name} must be a function, got ${show(value)}`);
    }
  }
  if (peers.size > 0 && WebSocket === null) {
    throw new TypeError("webSocket: WebSocket is required, since this runtime has none");
  }
  return {
    cluster: checkCluster("webSocket", options.cluster),
    peers,
    credentials: checkCredentials("webSocket", options),
    upgradeWebSocket,
    WebSocket,
  };
}
