import { assert, assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type ClusterNode, join } from "../../mod.ts";
import { SteadyClock } from "../support/steady_clock.ts";
import { within } from "../support/wait.ts";
import type { CreateTransport } from "./cluster_suite.ts";
import { SECRET } from "./support/networks.ts";
import { TestServer } from "./support/server.ts";
import { SilentProxy } from "./support/silent_proxy.ts";

const members = ["w1", "w2", "w3"];

/** The extra time for a busy machine, in milliseconds. */
const SLACK = 2_500;

/** Tests of a cluster whose connections all fall silent at once, over one kind of transport. */
export function silenceSuite(name: string, scheme: "ws" | "http", create: CreateTransport): void {
  describe(`${name}: connections that fall silent`, () => {
    for (const sessionTtl of [2_000, 5_000]) {
      it(`are detected and replaced within one TTL of ${sessionTtl} ms`, async () => {
        const servers = await Promise.all(members.map(() => TestServer.start()));
        const proxies = await Promise.all(servers.map(({ port }) => SilentProxy.start(port)));
        const peers = Object.fromEntries(
          members.map((id, i) => [id, `${scheme}://127.0.0.1:${proxies[i].port}/synod`]),
        );
        const nodes: ClusterNode[] = [];
        try {
          for (const [i, id] of members.entries()) {
            const transport = create({ peers, secret: SECRET });
            servers[i].mount(transport.routes);
            nodes.push(await join({ id, members, transport, sessionTtl }));
          }
          await Promise.all(nodes.map((node) => node.ready));
          // Load opens the usual number of connections.
          const loads = nodes.map(async (node) => {
            for (let i = 0; i < 50; i++) {
              await Promise.all([0, 1, 2, 3].map((k) => node.kv.put([node.id, i, k], 1)));
            }
          });
          await Promise.all(loads);
          const last = nodes.map((node) => node.kv.put(["last", node.id], 1, { timeout: 100 }));
          const carried = proxies.map(({ size }) => size);
          assert(carried.every((size) => size > 0), `${carried}`);
          for (const proxy of proxies) proxy.silence();
          // What the transports measure themselves can only end sooner if the process stands still.
          const measured = new SteadyClock().measure();
          const put = nodes[0].kv.put("after", 1, { noQuorum: "retry" });
          assertEquals((await within(put, "a put after the silence", 60_000)).ok, true);
          await Promise.all(nodes.map((node) => node.kv.get("after", { noQuorum: "retry" })));
          assertLess(measured(), sessionTtl + SLACK);
          // A put that has not ended yet would reject when its node closes.
          await Promise.all(last);
        } finally {
          await Promise.all(nodes.map((node) => node.close()));
          await Promise.all(proxies.map((proxy) => proxy.close()));
          await Promise.all(servers.map((server) => server.close()));
        }
      });
    }
  });
}
