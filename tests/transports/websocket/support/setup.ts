import { Hono } from "hono";
import { type Hello, makeNonce, VERSION } from "../../../../transports/auth/handshake.ts";
import { makeProof } from "../../../../transports/auth/proof.ts";
import type { ServerSocket, ServerSocketEvents } from "../../../../transports/websocket.ts";
import { checkOptions, type WebSocketOptions } from "../../../../transports/websocket/options.ts";
import { TIMES, type WebSocketTimes } from "../../../../transports/websocket/times.ts";
import { WebSocketTransport } from "../../../../transports/websocket/transport.ts";
import { testKeys } from "../../support/networks.ts";
import { RawSocket } from "../../support/raw_socket.ts";
import {
  ClientWebSocket,
  type Reachable,
  TestServer,
  upgradeWebSocket,
} from "../../support/server.ts";

/** A transport with these times instead of the defaults. */
export function transportWith(
  options: WebSocketOptions,
  times: Partial<WebSocketTimes> = {},
): WebSocketTransport {
  const defaults = { upgradeWebSocket, WebSocket: ClientWebSocket };
  return new WebSocketTransport(checkOptions({ ...defaults, ...options }), { ...TIMES, ...times });
}

/** A hello from `id` to `to`, without a token. */
export const hello = (id: string, to: string): Hello => ({
  synod: VERSION,
  cluster: "synod",
  id,
  to,
  nonce: makeNonce(),
});

/** Connects as the node `id`, with the secret. */
export async function enter(server: Reachable, id: string, to: string): Promise<RawSocket> {
  const greeting = hello(id, to);
  const socket = await RawSocket.open(server.url("ws"), greeting);
  const { nonce } = await socket.hear();
  const proof = await makeProof(await testKeys(), "connect", greeting, { id: to, nonce });
  socket.say({ proof });
  if (!(await socket.hear()).welcome) throw new Error("not admitted");
  return socket;
}

/** A server that calls `onMessage` with each message of each connection. */
export async function fakeServer(
  onMessage: (data: unknown, socket: ServerSocket, connection: number) => void,
): Promise<{ server: TestServer; url: string; connections: () => number }> {
  const server = await TestServer.start();
  let connections = 0;
  const events = (): Partial<ServerSocketEvents> => {
    const connection = ++connections;
    return { onMessage: ({ data }, socket) => onMessage(data, socket, connection) };
  };
  server.mount(new Hono().get("/", upgradeWebSocket(events)));
  return { server, url: server.url("ws"), connections: () => connections };
}
