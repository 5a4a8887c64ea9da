/** Nodes with several transports: one between the threads of a machine, and one over the network. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type ClusterNode, join } from "../../mod.ts";
import { broadcastChannel } from "../../transports/broadcast_channel.ts";
import { webSocket } from "../../transports/websocket.ts";
import { within } from "../support/wait.ts";
import { SECRET } from "./support/networks.ts";
import { ClientWebSocket, TestServer, upgradeWebSocket } from "./support/server.ts";

const members = ["w1", "w2", "w3"];

describe("several transports at once", () => {
  it("connect local nodes by one transport and remote nodes by another", async () => {
    const servers = await Promise.all(members.map(() => TestServer.start()));
    const peers = Object.fromEntries(members.map((id, i) => [id, servers[i].url("ws")]));
    const nodes: ClusterNode[] = [];
    const network = { secret: SECRET, upgradeWebSocket, WebSocket: ClientWebSocket };
    const options = { members, clients: true, sessionTtl: 3_000, timeout: 30_000 };
    const counter = { id: "counter", start: () => ({ add: (n: number) => n + 1 }) };
    try {
      const channel = `several ${crypto.randomUUID()}`;
      for (const [i, id] of members.entries()) {
        // w1 and w2 share a channel and have no other connection; w3 is remote.
        const isInside = id !== "w3";
        const others = isInside ? { w3: peers.w3 } : peers;
        const outside = webSocket({ ...network, peers: others });
        servers[i].mount(outside.routes);
        const transport = isInside ? [broadcastChannel(channel), outside] : outside;
        nodes.push(await join({ id, transport, ...options }));
      }
      // One more local node: it is only on the channel, so it reaches the members w1 and w2.
      const thread = await join({
        id: "thread",
        transport: broadcastChannel(channel),
        hosts: [counter],
        ...options,
      });
      const browser = await join({
        id: "browser",
        transport: webSocket({ ...network, peers }),
        ...options,
      });
      nodes.push(thread, browser);
      await within(Promise.all(nodes.map((node) => node.ready)), "a quorum for all");

      for (const node of nodes) {
        assertEquals(await node.kv.put(["of", node.id], node.id), { ok: true, value: node.id });
      }
      for (const node of nodes) {
        assertEquals(await node.kv.get(["of", "thread"]), { ok: true, value: "thread" });
        assertEquals(await node.kv.get(["of", "browser"]), { ok: true, value: "browser" });
      }
      // A remote node reaches the channel only through a member that has both transports.
      for (const node of [browser, nodes[2]]) {
        assertEquals(await node.name("one", counter).add(1), 2);
      }
    } finally {
      // The members last: the others need a quorum to close with, and would wait for it.
      for (const node of nodes.toReversed()) await node.close();
      await Promise.all(servers.map((server) => server.close()));
    }
  });
});
