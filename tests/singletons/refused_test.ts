import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { type ClusterNode, join } from "../../mod.ts";
import { memoryNetwork } from "../../transports/memory.ts";
import { type Cluster, startCluster } from "../support/real_cluster.ts";
import { Counters } from "./support/counters.ts";

// deno-lint-ignore no-explicit-any -- what no program with types would pass
type Bad = any;

const GOOD = { id: "counter", start: () => ({}) };

/** Invalid specs, and what is wrong with each. */
const BAD_SPECS: [spec: Bad, wrong: string][] = [
  [undefined, "spec"],
  [null, "spec"],
  ["counter", "spec"],
  [{}, "id"],
  [{ ...GOOD, id: "" }, "id"],
  [{ ...GOOD, id: 7 }, "id"],
  [{ ...GOOD, id: "x".repeat(201) }, "id"],
  [{ ...GOOD, start: undefined }, "start"],
  [{ ...GOOD, stop: 1 }, "stop"],
  [{ ...GOOD, restart: "always" }, "restart"],
  [{ ...GOOD, concurrent: 1 }, "concurrent"],
];

describe("join", () => {
  async function refused(hosts: Bad, wrong: string): Promise<void> {
    const transport = memoryNetwork().transport();
    const joining = () => join({ id: "n1", members: ["n1"], transport, hosts });
    const { message } = await assertRejects(joining, TypeError, wrong);
    assertEquals(message.startsWith("Cannot join: hosts"), true, message);
  }

  it("with hosts that are not a list is a TypeError that names them", async () => {
    for (const hosts of [null, GOOD, "counter", 1, new Set([GOOD])]) await refused(hosts, "a list");
  });

  it("with a bad spec among its hosts is a TypeError that says which one and what is wrong", async () => {
    for (const [spec, wrong] of BAD_SPECS) await refused([GOOD, spec], `hosts[1]: ${wrong}`);
  });

  it("with two hosts of the same id, or more than 1,000, is a TypeError", async () => {
    await refused([GOOD, { ...GOOD }], "hosts[1].id occurs twice");
    const many = Array.from({ length: 1_001 }, (_, n) => ({ ...GOOD, id: `spec ${n}` }));
    await refused(many, "at most 1000");
  });

  it("takes 1,000 hosts, all of which can be called", async () => {
    const hosts = Array.from({ length: 1_000 }, (_, n) => ({
      id: `${"x".repeat(190)} ${n}`,
      start: () => ({ number: () => n }),
    }));
    await using cluster = await startCluster(3, { hosts });
    const numbers = await Promise.all(
      [0, 1, 500, 999].map((n) => cluster.nodes[n % 3].name("k", hosts[n]).number()),
    );
    assertEquals(numbers, [0, 1, 500, 999]);
  });
});

describe("a bad argument", () => {
  let cluster: Cluster;
  let node: ClusterNode;
  let remote: object;
  const counters = new Counters();

  beforeAll(async () => {
    cluster = await startCluster(1, { hosts: [counters.spec] });
    [node] = cluster.nodes;
    remote = node.name("apple", counters.spec);
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  it("of name is a TypeError at once: an invalid spec", () => {
    for (const [spec, wrong] of BAD_SPECS) {
      assertThrows(() => node.name("k", spec), TypeError, `name: ${wrong}`);
    }
  });

  it("of name is a TypeError at once: a key that cannot be encoded", () => {
    for (const key of [undefined, () => 1, Symbol("k"), new Error("no"), "x".repeat(100_000)]) {
      assertThrows(() => node.name(key as Bad, counters.spec), TypeError, "key");
    }
  });

  it("of name is a TypeError at once: arguments that cannot be sent", () => {
    const bad: Bad[] = [() => 1, Symbol("s"), "\ud800", new Error("no"), new Uint8Array(2 ** 21)];
    for (const value of bad) {
      assertThrows(() => node.name("k", counters.spec, value), TypeError, "arguments");
    }
  });

  it("in place of a remote is a TypeError that names the call", async () => {
    for (const other of [undefined, null, "apple", {}, counters.spec, new Proxy(remote, {})]) {
      const bad = other as Bad;
      await assertRejects(() => node.call(bad, "inc"), TypeError, "call: the first argument");
      // Some of these throw at once, which is also valid.
      const whereis = async () => await node.whereis(bad);
      await assertRejects(whereis, TypeError, "whereis: the first argument");
      const lookup = async () => await node.lookup(bad);
      await assertRejects(lookup, TypeError, "lookup: the first argument");
      assertThrows(() => node.cast(bad, "inc"), TypeError, "cast: the first argument");
    }
  });

  it("in place of the name of a method is a TypeError", async () => {
    const names = ["then", "_private", "constructor", "__proto__", "toString", "\ud800"];
    for (const name of [...names, "x".repeat(1_001), undefined, null, 1, Symbol("inc")] as Bad[]) {
      await assertRejects(() => node.call(remote, name), TypeError, "the name of a method");
      assertThrows(() => node.cast(remote, name), TypeError, "the name of a method");
    }
  });

  it("in place of the list of arguments is a TypeError", async () => {
    for (const args of [null, 1, "args", {}, new Set()] as Bad[]) {
      await assertRejects(() => node.call(remote, "inc", args), TypeError, "args must be a list");
      assertThrows(() => node.cast(remote, "inc", args), TypeError, "args must be a list");
    }
  });

  it("in place of an option is a TypeError that names it", async () => {
    const bad: Record<string, Bad[]> = {
      timeout: [null, "50", -1, NaN, -Infinity, {}, 50n],
      signal: [null, {}, new AbortController(), { aborted: false }, "signal"],
    };
    for (const [option, values] of Object.entries(bad)) {
      for (const value of values) {
        const calling = () => node.call(remote, "inc", [], { [option]: value });
        await assertRejects(calling, TypeError, `${option} must be`);
      }
    }
    for (const options of [null, 1, "options"] as Bad[]) {
      await assertRejects(() => node.call(remote, "inc", [], options), TypeError, "options");
    }
  });

  it("starts nothing", async () => {
    assertEquals(counters.contexts, []);
    assertEquals((await node.status()).owned.singletons, 0);
  });
});
