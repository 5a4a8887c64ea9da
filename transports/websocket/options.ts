import { type OptionNames, refuseUnknown } from "../../lib/options.ts";
import {
  checkCredentials,
  type CredentialOptions,
  CREDENTIALS,
  type Credentials,
  refuseToken,
} from "../auth/credentials.ts";
import { checkCluster, checkPeers } from "../link/options.ts";
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

/** Options of `webSocket`. One of `secret` and `insecure: true` is required. */
export interface WebSocketOptions extends CredentialOptions {
  /** The name of the cluster. Nodes with different cluster names refuse each other. Default: `"synod"`. */
  cluster?: string;
  /**
   * The addresses of nodes by id: the URL at which the `routes` of the node are mounted, for example
   * `wss://host/synod`. The node's own entry is ignored, so all nodes may get the same object. A node
   * without an entry is reached over the connection that it makes. Default: none.
   */
  peers?: Readonly<Record<string, string | URL>>;
  /**
   * Hono's helper for the runtime of this server, with which `routes` accepts connections. Without it
   * this node only connects to other nodes.
   */
  upgradeWebSocket?: UpgradeWebSocket;
  /**
   * The class that connects, for runtimes without a global `WebSocket` or with a better one. In Node 20:
   * the `WebSocket` of the package `ws`. Default: the global `WebSocket`.
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

/** Checked options with their defaults. */
export interface WebSocketSettings {
  readonly cluster: string;
  readonly peers: ReadonlyMap<string, URL>;
  readonly credentials: Credentials;
  readonly upgradeWebSocket: UpgradeWebSocket | null;
  readonly WebSocket: ClientSocketConstructor | null;
}

/** Checks the options of the user; throws a `TypeError` that names the option. */
export function checkOptions(options: WebSocketOptions): WebSocketSettings {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`webSocket: options must be an object, received ${typeof options}`);
  }
  refuseToken("webSocket", options);
  refuseUnknown("webSocket", options, NAMES);
  const peers = checkPeers("webSocket", options.peers, ["ws:", "wss:", "http:", "https:"]);
  for (const url of peers.values()) url.protocol = url.protocol.replace("http", "ws");
  const { upgradeWebSocket = null, WebSocket = globalThis.WebSocket ?? null } = options;
  for (const [name, value] of Object.entries({ upgradeWebSocket, WebSocket })) {
    if (value !== null && typeof value !== "function") {
      throw new TypeError(`webSocket: ${name} must be a function, received ${show(value)}`);
    }
  }
  if (peers.size > 0 && WebSocket === null) {
    throw new TypeError("webSocket: WebSocket is required, since this runtime has none");
  }
  const cluster = checkCluster("webSocket", options.cluster);
  return {
    cluster,
    peers,
    credentials: checkCredentials("webSocket", cluster, options),
    upgradeWebSocket,
    WebSocket,
  };
}
