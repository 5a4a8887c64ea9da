import { type Keys, keysOf } from "../../../transports/auth/keys.ts";
import { http } from "../../../transports/http.ts";
import type { Routes, Transport } from "../../../transports/websocket.ts";
import { webSocket } from "../../../transports/websocket.ts";
import { webSocketClient } from "../../../transports/websocket_client.ts";
import { ClientWebSocket, TestServer, upgradeWebSocket } from "./server.ts";
import { TEST_IDS, type TestNetwork } from "../suite.ts";

/** The secret of the clusters in tests, and another one. */
export const SECRET = "vJ8nQmZ2xWc5TtLhYk7RbE4sDfGp9aUo";
export const OTHER_SECRET = "Hq3LwXz8KfVn6RyTc2MjPdBs5GeUoA7i";

/** The keys of the cluster `synod` in tests. */
export const testKeys = (): Promise<Keys> => keysOf(SECRET, "synod");

type Peers = Record<string, string>;

/**
 * Nodes with a server each. `known` returns the ids of the peers whose addresses a node has. A node that
 * is in no list needs no server, but has one.
 */
async function network(
  scheme: "ws" | "http",
  known: (id: string) => readonly string[],
  create: (peers: Peers, id: string) => Transport & { routes?: Routes },
): Promise<TestNetwork> {
  const servers = new Map(
    await Promise.all(TEST_IDS.map(async (id) => [id, await TestServer.start()] as const)),
  );
  return {
    transport(id) {
      const urls = known(id).map((peer) => [peer, servers.get(peer)?.url(scheme)] as const);
      const transport = create(Object.fromEntries(urls) as Peers, id);
      if (transport.routes !== undefined) servers.get(id)?.mount(transport.routes);
      return transport;
    },
    async dispose() {
      await Promise.all([...servers.values()].map((server) => server.close()));
    },
  };
}

/** Each node has the addresses of all nodes, including its own. */
export const allNodes = (): readonly string[] => TEST_IDS;

/** Each pair has one connection, from the later id to the earlier one; no node has the last one's address. */
export const earlier = (id: string): readonly string[] => TEST_IDS.slice(0, TEST_IDS.indexOf(id));

/** Nodes on `webSocket()`. */
export function webSocketNetwork(known: (id: string) => readonly string[]): Promise<TestNetwork> {
  const options = { secret: SECRET, upgradeWebSocket, WebSocket: ClientWebSocket };
  return network("ws", known, (peers) => webSocket({ ...options, peers }));
}

/** As {@linkcode webSocketNetwork} with `earlier`, and the last node, to which no other connects, takes no connections. */
export function webSocketClientNetwork(): Promise<TestNetwork> {
  const options = { secret: SECRET, WebSocket: ClientWebSocket };
  return network(
    "ws",
    earlier,
    (peers, id) =>
      id === TEST_IDS.at(-1)
        ? webSocketClient({ ...options, peers })
        : webSocket({ ...options, upgradeWebSocket, peers }),
  );
}

/** Nodes on `http()`. */
export function httpNetwork(known: (id: string) => readonly string[]): Promise<TestNetwork> {
  return network("http", known, (peers) => http({ secret: SECRET, peers }));
}
