import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type Kind, Members, SECRET } from "./members.ts";
import { WorkerService } from "./worker_service.ts";

const members = ["w1", "w2", "durable"];
const SESSION_TTL = 1_000;

interface Case {
  readonly kind: Kind;
  /** Whether the Durable Object knows the addresses of the others; otherwise they connect to it. */
  readonly connects: boolean;
}

/** A cluster of two members in this process and one in a Durable Object. */
async function start({ kind, connects }: Case) {
  const worker = await WorkerService.bundle("member");
  const own = new Members(kind, members.slice(0, 2));
  const env = {
    SECRET,
    TRANSPORT: kind,
    MEMBERS: JSON.stringify(members),
    PEERS: JSON.stringify(connects ? own.peers : {}),
  };
  const cluster = {
    worker,
    nodes: own.nodes,
    [Symbol.asyncDispose]: async () => {
      await own[Symbol.asyncDispose]();
      await worker[Symbol.asyncDispose]();
    },
  };
  try {
    own.setPort("durable", await worker.start(env));
    await own.join({ members, clients: true, sessionTtl: SESSION_TTL, timeout: 10_000 });
    await own.ready();
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
  return cluster;
}

for (
  const [name, how] of [
    ["WebSocket, with connections from the others only", { kind: "webSocket", connects: false }],
    ["WebSocket, with connections in both directions", { kind: "webSocket", connects: true }],
    ["HTTP, with requests from the others only", { kind: "http", connects: false }],
    ["HTTP, with requests in both directions", { kind: "http", connects: true }],
  ] as [string, Case][]
) {
  describe(`a member in a Durable Object, over ${name}`, () => {
    it("agrees with two members in another process, and forms a majority with either", async () => {
      await using cluster = await start(how);
      const { worker, nodes: [w1, w2] } = cluster;

      const keys = Array.from({ length: 10 }, (_, index) => `key ${index}`);
      const answers = await Promise.all([
        Promise.all(keys.map((key) => w1.kv.put(key, "w1"))),
        Promise.all(keys.map((key) => w2.kv.put(key, "w2"))),
        Promise.all(keys.map((key) => worker.ask("POST", `/put/${key}/durable`))),
      ]);
      for (const results of answers) assertEquals(results, answers[0]);
      assert(answers[0].every((result) => result.ok && members.includes(result.value)));

      // Larger than one message of the transport, in both directions; the pieces must stay in order.
      const large = new Uint8Array(900_000).fill(7);
      assertEquals((await w1.kv.put("large", large)).ok, true);
      assertEquals(await worker.ask("GET", "/size/large"), large.length);

      const tokens = [await worker.ask("POST", "/lock/pen") as number];
      await w2.close();
      const held = await w1.lock("pen");
      tokens.push(held.token);
      const waiting = worker.ask("POST", "/lock/pen");
      await held.release();
      tokens.push(await waiting as number);
      for (let index = 1; index < tokens.length; index++) {
        assertGreater(tokens[index], tokens[index - 1]);
      }
    });
  });
}

describe("a member in a Durable Object", () => {
  it("keeps its session without requests: its timers run between them", async () => {
    await using cluster = await start({ kind: "webSocket", connects: false });
    const { worker, nodes: [w1] } = cluster;
    await worker.ask("POST", "/lock/pen"); // after this it has a session
    const session = await worker.ask("GET", "/session");
    assertMatch(String(session), /^durable\//);
    await w1.kv.put("a while", "not yet over", { until: Date.now() + 2 * SESSION_TTL });
    for await (const { present } of w1.kv.watch("a while")) if (!present) break;
    assertEquals(await worker.ask("GET", "/session"), session);
  });

  it("comes back without its memory, while the others continue", async () => {
    await using worker = await WorkerService.bundle("member");
    await using own = new Members("webSocket", ["w1", "w2"]);
    const env = {
      SECRET,
      TRANSPORT: "webSocket",
      MEMBERS: JSON.stringify(members),
      PEERS: JSON.stringify(own.peers),
    };
    // It connects to the others, not they to it, so its port may change.
    await worker.start(env);
    await own.join({ members, clients: true, sessionTtl: SESSION_TTL, timeout: 10_000 });
    const [w1, w2] = own.nodes;
    assertEquals(await worker.ask("POST", "/put/greeting/hello"), { ok: true, value: "hello" });

    await worker.stop();
    assertEquals(await w1.kv.put("meanwhile", "w1"), { ok: true, value: "w1" });
    const back = new Promise<void>((resolve) => {
      w1.addEventListener("membership", ({ detail: { id, state } }) => {
        if (id === "durable" && state === "operational") resolve();
      });
    });
    await worker.start(env);
    // The object starts with the first request.
    assertEquals(await worker.ask("GET", "/get/meanwhile"), { ok: true, value: "w1" });
    await back;
    await w2.close();
    assertEquals(await worker.ask("GET", "/get/greeting"), { ok: true, value: "hello" });
    assertEquals(await w1.kv.put("without w2", "w1"), { ok: true, value: "w1" });
  });
});
