import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import type { ClusterNode, PaxosKV } from "../../mod.ts";
import { nodeKind } from "../support/node_kind.ts";
import { type Cluster, startCluster } from "../support/real_cluster.ts";

// deno-lint-ignore no-explicit-any -- arguments that the types forbid
type Bad = any;

/** Values that each option must refuse. */
const KEY_OPTIONS: Readonly<Record<string, readonly unknown[]>> = {
  bucket: [null, 1, {}, ["b"], Symbol("b")],
  noQuorum: [null, "", "Retry", "throw", true, 1, {}],
  timeout: [null, "50", -1, NaN, -Infinity, {}, 50n],
  signal: [null, {}, new AbortController(), { aborted: false }, "signal"],
};

const PID = { node: "n1", session: "n1/-P70F6sqFhqk35ea00oQ/1", seq: 1 };

const PUT_OPTIONS: Readonly<Record<string, readonly unknown[]>> = {
  pid: [
    null,
    "n1",
    1,
    {},
    { pid: "n1" },
    { ...PID, node: "n2" },
    { ...PID, node: "" },
    { ...PID, session: "n1" },
    { ...PID, session: "n1/nonsense/1" },
    { ...PID, session: undefined },
    { ...PID, seq: 0 },
    { ...PID, seq: 1.5 },
    { ...PID, seq: -1 },
    { ...PID, seq: "1" },
    { pid: { ...PID, seq: 0 } },
  ],
  node: [null, 1, "", "a b", "a/b", "x".repeat(65), {}, ["n1"]],
  until: [null, "tomorrow", NaN, {}, 1n, new Date()],
  key: [() => 1, Symbol("k"), new Error("no")],
};

const READS = ["get", "node", "pid", "token"] as const;

const WRITES = ["put", "claim"] as const;

let cluster: Cluster;
let node: ClusterNode;
let kv: PaxosKV;

describe("a bad option", () => {
  beforeAll(async () => {
    cluster = await startCluster(1);
    [node] = cluster.nodes;
    ({ kv } = node);
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  for (const [option, refused] of Object.entries(KEY_OPTIONS)) {
    it(`of every call is a TypeError that names it: ${option}`, async () => {
      for (const value of refused) {
        const options: Bad = { [option]: value };
        for (const call of READS) {
          const error = await assertRejects(() => kv[call]("k", options), TypeError, option);
          assertEquals(error.message.startsWith(`${call}: `), true);
        }
        for (const call of WRITES) {
          const error = await assertRejects(() => kv[call]("k", 1, options), TypeError, option);
          assertEquals(error.message.startsWith(`${call}: `), true);
        }
      }
    });
  }

  for (const option of ["noQuorum", "timeout", "signal"]) {
    it(`of keys is a TypeError that names it: ${option}`, async () => {
      for (const value of KEY_OPTIONS[option]) {
        const options: Bad = { [option]: value };
        await assertRejects(() => kv.keys("b", options), TypeError, option);
      }
    });
  }

  it("of keys is a TypeError that names it: bucket", async () => {
    for (const bucket of KEY_OPTIONS.bucket) {
      await assertRejects(() => kv.keys(bucket as Bad), TypeError, "bucket");
    }
  });

  for (const option of ["bucket", "signal"]) {
    it(`of watch is a TypeError that names it, at once: ${option}`, () => {
      for (const value of KEY_OPTIONS[option]) {
        assertThrows(() => kv.watch("k", { [option]: value } as Bad), TypeError, option);
      }
    });
  }

  for (const [option, refused] of Object.entries(PUT_OPTIONS)) {
    it(`of a put is a TypeError that names it: ${option}`, async () => {
      for (const value of refused) {
        const options: Bad = { [option]: value };
        for (const call of WRITES) {
          await assertRejects(() => kv[call]("k", 1, options), TypeError, option);
        }
      }
    });
  }

  it("of a put is a TypeError also if the value cannot be stored", async () => {
    await assertRejects(() => kv.put("k", Symbol("s"), { until: NaN }), TypeError, "until");
    await assertRejects(() => kv.put(Symbol("k") as Bad, Symbol("s")), TypeError, "key");
  });

  it("does not include an undefined option", async () => {
    const options = {
      bucket: undefined,
      noQuorum: undefined,
      timeout: undefined,
      signal: undefined,
    };
    const bindings = { pid: undefined, node: undefined, key: undefined, until: undefined };
    assertEquals(await kv.put("undefined", 1, { ...options, ...bindings }), { ok: true, value: 1 });
    assertEquals(await kv.get("undefined", options), { ok: true, value: 1 });
  });

  it("in place of all options is a TypeError", async () => {
    for (const options of [null, 1, "b", true] as Bad[]) {
      await assertRejects(() => kv.put("k", 1, options), TypeError, "options");
      await assertRejects(() => kv.claim("k", 1, options), TypeError, "options");
      for (const call of READS) {
        await assertRejects(() => kv[call]("k", options), TypeError, "options");
      }
      await assertRejects(() => kv.keys("b", options), TypeError, "options");
      assertThrows(() => kv.watch("k", options), TypeError, "options");
    }
  });

  it("stores no value", async () => {
    assertEquals(await kv.get("k"), { ok: false, error: "not_found" });
    // The key "undefined", from the test above; a guest keeps nothing.
    assertEquals((await node.status()).entries, nodeKind.areGuests ? 0 : 1);
  });
});
