import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { nodeToken } from "../../../transports/websocket.ts";
import { type Kind, Members, SECRET } from "./members.ts";
import { WorkerService } from "./worker_service.ts";

const members = ["w1", "w2", "w3"];
const Counter = {
  id: "counter",
  start: () => {
    let count = 0;
    return { inc: (): number => ++count };
  },
};

for (const kind of ["http", "webSocket"] as Kind[]) {
  describe(`a worker of workerd that is a guest over ${kind}, with a token`, () => {
    let own: Members;
    let tokens: Deno.HttpServer<Deno.NetAddr>;
    let worker: WorkerService;

    beforeAll(async () => {
      own = new Members(kind, members);
      tokens = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen: () => {} },
        async ({ url }) => {
          const id = new URL(url).pathname.slice(1);
          return new Response(await nodeToken({ secret: SECRET, id }));
        },
      );
      worker = await WorkerService.bundle("guest");
      await worker.start({
        SERVERS: JSON.stringify(Object.values(own.peers)),
        TOKEN_URL: `http://127.0.0.1:${tokens.addr.port}/`,
      });
      await own.join({ members, clients: true, guests: {}, sessionTtl: 3_000, hosts: [Counter] });
      await own.ready();
    });

    afterAll(async () => {
      await worker[Symbol.asyncDispose]();
      await own[Symbol.asyncDispose]();
      await tokens.shutdown();
    });

    it("puts and gets, takes a lock, calls a singleton, and leaves", async () => {
      const [w1, w2] = own.nodes;
      await w1.kv.put("from a member", "hello");
      const before = await w1.lock("pen");
      await before.release();
      const answer = await worker.ask("POST", "/all/edge-1") as { token: number };
      const { token, ...others } = answer;
      assertGreater(token, before.token);
      assertEquals(others, {
        put: { ok: true, value: "edge-1" },
        get: { ok: true, value: "hello" },
        held: true,
        count: 1,
      });
      assertEquals(await w2.kv.get("from the edge"), { ok: true, value: "edge-1" });
      assertEquals(await w2.holders("pen"), { ok: true, value: [] });
      // It has announced its end, so no value can be bound to it.
      assertEquals(await w2.kv.put("bound", "to a node that left", { node: "~edge-1" }), {
        ok: false,
        error: "invalid_value",
        reason: "node ~edge-1 has no session",
      });
    });

    it("may be many at once, one for each request, independent of each other", async () => {
      const ids = Array.from({ length: 20 }, (_, index) => `one-of-many-${index}`);
      const answers = await Promise.all(
        ids.map((id) => worker.ask("POST", `/put/${id}`)),
      );
      assertEquals(answers, ids.map((value) => ({ ok: true, value })));
    });

    it("keeps its lock during its request, and loses it with its process", async () => {
      const [w1] = own.nodes;
      const holding = worker.ask("POST", "/hold/edge-2");
      holding.catch(() => {}); // awaited below
      for await (const change of w1.kv.watch("holds the pen")) if (change.present) break;
      // The lock is held for twice as long as a session lasts without a renewal.
      await w1.kv.put("a while", "not yet over", { until: Date.now() + 6_000 });
      for await (const { present } of w1.kv.watch("a while")) if (!present) break;
      const holders = await w1.holders("pen");
      assert(holders.ok);
      assertEquals(holders.value.map(({ pid }) => pid.node), ["~edge-2"]);

      await worker.stop();
      await assertRejects(() => holding);
      const lock = await w1.lock("pen", { timeout: 20_000 });
      assertGreater(lock.token, holders.value[0].token);
      await lock.release();
    });
  });
}
