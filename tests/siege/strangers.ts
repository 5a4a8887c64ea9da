import type { Reachable } from "../transports/support/server.ts";
import { hello as overHttp, post } from "../transports/http/support/setup.ts";
import { RawSocket } from "../transports/support/raw_socket.ts";
import { hello as overWebSocket } from "../transports/websocket/support/setup.ts";
import { SERVER } from "./besieged.ts";
import { type Tally, tallyUp } from "./tally.ts";

/** Concurrent strangers. */
export const WIDTH = 20;

const noise = () => crypto.getRandomValues(new Uint8Array(1000));

const SAYINGS: readonly ((socket: RawSocket) => void)[] = [
  (socket) => socket.send(noise()),
  (socket) => socket.send("garbage"),
  (socket) => socket.say({ ...overWebSocket("client", SERVER), token: "garbage" }),
  (socket) => {
    socket.say(overWebSocket("client", SERVER));
    socket.say({ proof: "garbage" });
  },
];

/** Connections that fail to authenticate; returns the codes with which they are closed. */
export function garbageConnections(server: Reachable, total: number): Promise<Tally> {
  return tallyUp(total, WIDTH, async (index) => {
    const socket = await RawSocket.open(server.url("ws"));
    SAYINGS[index % SAYINGS.length](socket);
    return (await socket.ended).code;
  });
}

const REQUESTS: readonly (() => [route: string, body: BodyInit])[] = [
  () => ["session", noise()],
  () => ["session", JSON.stringify({ ...overHttp("client", SERVER), token: "garbage" })],
  () => ["session", JSON.stringify({ nonce: "0".repeat(32), proof: "garbage" })],
  () => ["frames", noise()],
];

/** Requests that fail to authenticate; returns the statuses of the answers. */
export function garbageRequests(server: Reachable, total: number): Promise<Tally> {
  return tallyUp(total, WIDTH, async (index) => {
    const [route, body] = REQUESTS[index % REQUESTS.length]();
    return (await post(server, route, body)).status;
  });
}

/** Silent connections, all at once. Resolves when they are open. */
export async function silentConnections(
  server: Reachable,
  total: number,
): Promise<{ ended: Promise<Tally> }> {
  const sockets = await Promise.all(
    Array.from({ length: total }, () => RawSocket.open(server.url("ws"))),
  );
  return { ended: tallyUp(total, total, async (index) => (await sockets[index].ended).code) };
}
