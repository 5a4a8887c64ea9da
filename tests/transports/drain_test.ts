import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { http } from "../../transports/http.ts";
import { webSocket } from "../../transports/websocket.ts";
import { eventually, within } from "../support/wait.ts";
import { SECRET } from "./support/networks.ts";
import { ClientWebSocket, TestServer, upgradeWebSocket } from "./support/server.ts";
import { Station } from "./support/station.ts";

type Peers = Record<string, string>;

const KINDS = {
  ws: (peers: Peers) =>
    webSocket({ peers, secret: SECRET, upgradeWebSocket, WebSocket: ClientWebSocket }),
  http: (peers: Peers) => http({ peers, secret: SECRET }),
} as const;

for (const scheme of ["ws", "http"] as const) {
  describe(`drain() over ${scheme}`, () => {
    /** Two servers that connect to each other, and a node that connects to the first one. */
    async function start() {
      const servers = [await TestServer.start(), await TestServer.start()];
      const urls = servers.map((server) => server.url(scheme));
      const transports = [
        KINDS[scheme]({ b: urls[1] }),
        KINDS[scheme]({ a: urls[0] }),
        KINDS[scheme]({ a: urls[0] }),
      ];
      for (const index of [0, 1]) servers[index].mount(transports[index].routes);
      const members = ["a", "b"];
      let ways = 0;
      const stations = await Promise.all(["a", "b", "c"].map((id, index) => {
        const reached = (peer: string) => void (id === "a" && peer === "b" && ways++);
        return Station.open(id, transports[index], { sessionTtl: 2_000, members, reached });
      }));
      // A frame from "a" to "b" may have gone over the connection that "b" made, which drain() ends.
      await eventually(() => ways >= 2, "connections between a and b in both directions");
      return {
        ...{ servers, transports, stations },
        async [Symbol.asyncDispose]() {
          await Promise.all(transports.map((transport) => transport.close()));
          await Promise.all(servers.map((server) => server.close()));
        },
      };
    }

    it("lets the server stop; the node goes on over the connections that it has made", async () => {
      await using test = await start();
      const { servers: [server], transports: [first], stations: [a, b, c] } = test;
      await a.reach(b, "1");
      await c.reach(a, "2");
      await within(first.drain(), "drain()");
      assertEquals([first.reaches?.("b"), first.reaches?.("c")], [true, false]);
      await within(server.stop(), "the server");
      await a.reach(b, "3");
      await b.reach(a, "4");
      assertEquals(first.reaches?.("c"), false);
    });

    it("takes nothing any more, may be called again, and before and after all else", async () => {
      await using test = await start();
      const { transports: [first], stations: [a, b] } = test;
      await a.reach(b, "5");
      await Promise.all([first.drain(), first.drain()]);
      const answer = scheme === "ws"
        ? await first.routes.request("/")
        : await first.routes.request("/session", { method: "POST", body: "{}" });
      assertEquals([answer.status, await answer.text()], [503, "This server stops."]);
      await first.close();
      await first.drain();
      await KINDS[scheme]({}).drain();
    });
  });
}
