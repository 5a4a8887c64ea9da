import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  type ChildContext,
  type ClusterNode,
  join,
  SynodError,
  type Transport,
} from "../../mod.ts";
import type { PeerAddresses, Routes } from "../../transports/websocket.ts";
import { collectEvents, eventually } from "../support/wait.ts";
import { OTHER_SECRET, SECRET } from "./support/networks.ts";
import { TestServer } from "./support/server.ts";

/** Makes the transport of one node of a test cluster; exactly one of the credentials is set. */
export type CreateTransport = (
  options: {
    peers: PeerAddresses;
    secret?: string;
    token?: () => Promise<string>;
  },
) => Transport & { routes: Routes };

const members = ["w1", "w2", "w3"];

/**
 * Long enough for a busy machine: a host that loses its session loses its instances, and connections that are silent
 * for that long are given up.
 */
const PATIENT = { sessionTtl: 5_000, timeout: 30_000 };

/** Closes the members last: the others need a quorum to close with, and would wait for it. */
async function closeAll(nodes: readonly ClusterNode[]): Promise<void> {
  for (const node of nodes.toReversed()) await node.close();
}

/** Tests of a whole cluster over one kind of transport: three members with a server each, and clients. */
export function clusterSuite(name: string, scheme: "ws" | "http", create: CreateTransport): void {
  describe(`${name}: a cluster`, () => {
    it("of three members and a client without an address agrees, and continues after the loss of a member", async () => {
      const servers = await Promise.all(members.map(() => TestServer.start()));
      const peers = Object.fromEntries(members.map((id, i) => [id, servers[i].url(scheme)]));
      const nodes: ClusterNode[] = [];
      const options = { members, clients: true, ...PATIENT };
      try {
        for (const [i, id] of members.entries()) {
          const transport = create({ peers, secret: SECRET });
          servers[i].mount(transport.routes);
          nodes.push(await join({ id, transport, ...options }));
        }
        const browser = await join({
          id: "browser",
          transport: create({ peers, secret: SECRET }),
          ...options,
        });
        nodes.push(browser);
        await Promise.all(nodes.map((node) => node.ready));

        // Concurrent puts of the same keys: all nodes get the same results.
        const keys = Array.from({ length: 20 }, (_, i) => `key ${i}`);
        const answers = await Promise.all(
          nodes.map((node) => Promise.all(keys.map((key) => node.kv.put(key, node.id)))),
        );
        for (const results of answers) assertEquals(results, answers[0]);
        assert(answers[0].every((result) => result.ok));

        // A change is pushed to the client, which has no address.
        const changes = browser.kv.watch("news")[Symbol.asyncIterator]();
        assertEquals((await changes.next()).value, { present: false });
        await nodes[0].kv.put("news", "from w1");
        const { value } = await changes.next();
        assertEquals(value.present && value.value, "from w1");
        await changes.return?.();

        // A large value travels in more than one message.
        const large = new Uint8Array(1_000_000).fill(7);
        assertEquals((await nodes[1].kv.put("large", large)).ok, true);
        const read = await browser.kv.get<Uint8Array>("large");
        assert(read.ok && read.value.length === large.length && read.value.every((b) => b === 7));

        // One member leaves.
        await nodes[2].close();
        await servers[2].close();
        for (const node of [nodes[0], nodes[1], browser]) {
          assertEquals(await node.kv.put(`after ${node.id}`, node.id), {
            ok: true,
            value: node.id,
          });
        }
        assertEquals(await browser.kv.get("after w1"), { ok: true, value: "w1" });
      } finally {
        await closeAll(nodes);
        await Promise.all(servers.map((server) => server.close()));
      }
    });

    it("finds members that are added later by a function, which may fail for a while", async () => {
      const servers = await Promise.all(members.map(() => TestServer.start()));
      const urls = new Map(members.map((id, i) => [id, servers[i].url(scheme)]));
      /** Who is asked for whom. */
      const asked = new Set<string>();
      let isKnown = false;
      const nodes: ClusterNode[] = [];
      const options = { clients: true, sessionTtl: 1_000, maxSessionTtl: 1_000, timeout: 10_000 };
      try {
        for (const [i, self] of members.entries()) {
          const peers = (id: string) => {
            asked.add(`${self} ${id}`);
            if (self === "w2" && id === "w3" && !isKnown) throw new Error("it is not known yet");
            return urls.get(id) ?? null;
          };
          const transport = create({ peers, secret: SECRET });
          servers[i].mount(transport.routes);
          // Each of them knows the first one only.
          nodes.push(await join({ id: self, members: ["w1"], transport, ...options }));
        }
        const [w1, w2, w3] = nodes;
        const errors = collectEvents(w2, "error");
        await Promise.all(nodes.map((node) => node.ready));
        assertEquals([asked.has("w1 w2"), asked.has("w2 w3")], [false, false]);
        assertEquals(await w1.kv.put("before", 1), { ok: true, value: 1 });

        await w1.changeMembers(members);
        await eventually(() => asked.has("w1 w2") && asked.has("w2 w3"), "the new members");
        await eventually(() => errors.length > 0, "an error");
        assertStringIncludes(
          errors[0].detail.error.message,
          "peers has failed for w3: it is not known yet",
        );
        isKnown = true;

        // Without the first one they have each other.
        await w1.close();
        await servers[0].close();
        assertEquals(await w2.kv.put("after", 2), { ok: true, value: 2 });
        assertEquals(await w3.kv.get("before"), { ok: true, value: 1 });
      } finally {
        await closeAll(nodes);
        await Promise.all(servers.map((server) => server.close()));
      }
    });

    it("reports to a node with another secret once that it is refused, and continues without it", async () => {
      const server = await TestServer.start();
      const peers = { w1: server.url(scheme) };
      const nodes: ClusterNode[] = [];
      try {
        const transport = create({ peers, secret: SECRET });
        server.mount(transport.routes);
        const options = { members: ["w1"], clients: true, sessionTtl: 200 };
        const w1 = await join({ id: "w1", transport, ...options });
        const other = await join({
          id: "other",
          transport: create({ peers, secret: OTHER_SECRET }),
          ...options,
        });
        nodes.push(w1, other);
        const errors = collectEvents(other, "error");
        // Others may say that requests were given up, if the process stood still.
        const refusals = () =>
          errors.map(({ detail }) => detail.error).filter((error) =>
            error instanceof SynodError && error.code === "unauthorized"
          );
        await eventually(() => refusals().length > 0, "an error");
        assertStringIncludes(refusals()[0].message, "Cannot connect to w1");
        await w1.ready;
        assertEquals(await w1.kv.put("k", 1), { ok: true, value: 1 });
        assertEquals(await other.kv.put("k", 2, { timeout: 300 }), {
          ok: false,
          error: "no_quorum",
        });
        assertEquals(refusals().length, 1);
      } finally {
        await closeAll(nodes);
        await server.close();
      }
    });

    it("lets two clients without an address call each other through a member", async () => {
      const servers = await Promise.all(members.map(() => TestServer.start()));
      const peers = Object.fromEntries(members.map((id, i) => [id, servers[i].url(scheme)]));
      const nodes: ClusterNode[] = [];
      const options = { members, clients: true, ...PATIENT };
      const counter = {
        id: "counter",
        start: ({ node }: ChildContext) => {
          let count = 0;
          return { inc: () => `${node} ${++count}`, echo: (bytes: Uint8Array) => bytes };
        },
      };
      try {
        for (const [i, id] of members.entries()) {
          const transport = create({ peers, secret: SECRET });
          servers[i].mount(transport.routes);
          nodes.push(await join({ id, transport, ...options }));
        }
        const browser = async (id: string, hosts: typeof counter[]) => {
          const transport = create({ peers, secret: SECRET });
          const node = await join({ id, transport, hosts, ...options });
          nodes.push(node);
          return node;
        };
        const [left, right] = [await browser("left", []), await browser("right", [counter])];
        await Promise.all(nodes.map((node) => node.ready));

        const apple = left.name("apple", counter);
        assertEquals(await apple.inc(), "right 1");
        left.cast(apple, "inc");
        // A member reaches it directly.
        assertEquals(await nodes[0].name("apple", counter).inc(), "right 3");
        const large = new Uint8Array(700_000).fill(7);
        assertEquals((await apple.echo(large)).length, large.length);
        // A claim for a process of the other client.
        const process = right.spawn();
        const claim = await left.kv.claim("held", "by right", { pid: process.pid });
        assert(claim.ok && claim.value.mine, JSON.stringify(claim));
        assertEquals(await left.kv.node("held"), { ok: true, value: "right" });

        // The next call takes another route if the lost member was on the route.
        await nodes[0].close();
        await servers[0].close();
        assertEquals(await apple.inc(), "right 4");
        await process.exit();
        assertEquals(await left.kv.get("held"), { ok: false, error: "not_found" });
      } finally {
        await closeAll(nodes);
        await Promise.all(servers.map((server) => server.close()));
      }
    });
  });
}
