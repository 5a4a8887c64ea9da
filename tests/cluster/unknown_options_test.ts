import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { join, nodeToken } from "../../mod.ts";
import { http } from "../../transports/http.ts";
import { memoryNetwork } from "../../transports/memory.ts";
import { webSocket } from "../../transports/websocket.ts";
import { type Cluster, startCluster } from "../support/real_cluster.ts";

// deno-lint-ignore no-explicit-any -- what no program with types would pass
type Bad = any;

/** The error that a call with these options throws or rejects with. */
async function failureOf(call: (options: Bad) => unknown, options: object): Promise<Error> {
  try {
    await call(options);
  } catch (error) {
    assertInstanceOf(error, TypeError);
    return error;
  }
  throw new Error(`taken: ${JSON.stringify(options)}`);
}

describe("an option that does not exist", () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster(1);
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  const secret = "vJ8nQmZ2xWc5TtLhYk7RbE4sDfGp9aUo";
  const spec = { id: "counter", start: () => ({ inc: () => 1 }) };
  const base = () => ({ id: "n1", members: ["n1"], transport: memoryNetwork().transport() });

  /** By the start of the message: the call, a mistyped option, and the option meant. */
  const CALLS: readonly (readonly [
    call: string,
    name: string,
    nearest: string,
    run: (options: Bad) => unknown,
  ])[] = [
    ["put", "ttl", "until", (options) => cluster.nodes[0].kv.put("k", 1, options)],
    ["claim", "buckets", "bucket", (options) => cluster.nodes[0].kv.claim("k", 1, options)],
    ["get", "defualt", "default", (options) => cluster.nodes[0].kv.get("k", options)],
    ["node", "timeOut", "timeout", (options) => cluster.nodes[0].kv.node("k", options)],
    ["pid", "timeoutMs", "timeout", (options) => cluster.nodes[0].kv.pid("k", options)],
    ["token", "signals", "signal", (options) => cluster.nodes[0].kv.token("k", options)],
    ["keys", "noquorum", "noQuorum", (options) => cluster.nodes[0].kv.keys("b", options)],
    ["entries", "time_out", "timeout", (options) => cluster.nodes[0].kv.entries("b", options)],
    ["watch", "noSignal", "signal", (options) => cluster.nodes[0].kv.watch("k", options)],
    ["lock", "ifavailable", "ifAvailable", (options) => cluster.nodes[0].lock("k", options)],
    ["lock", "stael", "steal", (options) => cluster.nodes[0].spawn().lock("k", options)],
    [
      "locks.request",
      "modes",
      "mode",
      (options) => cluster.nodes[0].locks.request("k", options, () => 1),
    ],
    ["spawn", "singal", "signal", (options) => cluster.nodes[0].spawn(undefined, options)],
    [
      "call",
      "timeOut",
      "timeout",
      (options) => cluster.nodes[0].call(cluster.nodes[0].name("k", spec), "inc", [], options),
    ],
    [
      "name",
      "restrat",
      "restart",
      (options) => cluster.nodes[0].name("k", { ...spec, ...options }),
    ],
    ["Cannot join", "sesionTtl", "sessionTtl", (options) => join({ ...base(), ...options })],
    [
      "Cannot join: hosts[0]",
      "concurent",
      "concurrent",
      (options) => join({ ...base(), hosts: [{ ...spec, ...options }] }),
    ],
    ["http", "secrets", "secret", (options) => http({ secret, ...options })],
    [
      "webSocket",
      "upgradeWebsocket",
      "upgradeWebSocket",
      (options) => webSocket({ secret, ...options }),
    ],
    ["nodeToken", "expires", "expiresIn", (options) => nodeToken({ secret, id: "a", ...options })],
    ["memoryNetwork", "scheduler", "schedule", (options) => memoryNetwork(options)],
  ];

  for (const [call, name, nearest, run] of CALLS) {
    it(`of ${call} is a TypeError that names it and the nearest one: ${name}`, async () => {
      const { message } = await failureOf(run, { [name]: undefined });
      assertEquals(message, `${call}: unknown option ${name}; did you mean ${nearest}?`);
    });
  }

  it("token is a TypeError that points to connect: a token makes a guest", async () => {
    const token = () => "a token";
    const calls: [name: string, call: (options: Bad) => unknown][] = [
      ["Cannot join", (options) => join({ ...base(), ...options })],
      ["webSocket", (options) => webSocket({ secret, ...options })],
      ["http", (options) => http({ secret, ...options })],
    ];
    for (const [name, call] of calls) {
      const { message } = await failureOf(call, { token });
      assert(message.startsWith(`${name}: token does not make a member or a client`), message);
      assert(message.includes("connect({ servers, token }) of @synod/synod/guest"), message);
    }
  });

  it("of locks.query is a TypeError: it has none", async () => {
    const options = { name: "k" } as Bad;
    await assertRejects(
      () => cluster.nodes[0].locks.query(options),
      TypeError,
      "locks.query: unknown option name; it takes none",
    );
    await cluster.nodes[0].locks.query({});
  });

  it("of a put sets nothing: the key is free", async () => {
    const { kv } = cluster.nodes[0];
    await failureOf((options) => kv.put("free", 1, options), { ttl: 1_000 });
    assertEquals(await kv.get("free"), { ok: false, error: "not_found" });
  });

  it("is allowed in a spec that is an instance of a class, which may have other properties", async () => {
    class Counter {
      readonly id = "class counter";
      started = 0;
      start() {
        this.started++;
        return { inc: () => this.started };
      }
    }
    await using node = await join({ ...base(), hosts: [new Counter()] });
    assertEquals(await node.name("k", new Counter()).inc(), 1);
  });
});
