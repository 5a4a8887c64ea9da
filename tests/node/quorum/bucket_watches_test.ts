// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { BucketWatches } from "../../../lib/node/quorum/bucket_watches.ts";
import type { Listed } from "../../../lib/node/quorum/queries.ts";
import type { Chosen } from "../../../lib/paxos/change.ts";
import { bucketOf, type RegisterId } from "../../../lib/paxos/register.ts";
import { showState } from "../../paxos/support/notation.ts";
import { KEY, life, ScriptedNode } from "../../support/scripted_node.ts";

const BUCKET = bucketOf(KEY);

/** A register of the bucket. */
const other = (name: number): RegisterId => `${BUCKET}${String.fromCharCode(name)}`;

/** What a read returns: absent at this token. */
function absent(token: number): Chosen<void> {
  const ballot = { counter: token, life: life("r") };
  return { result: undefined, state: { present: false, token }, token, ballot, stale: [] };
}

/** What a read returns: a value with this token. */
function present(token: number): Chosen<void> {
  const ballot = { counter: token, life: life("r") };
  const written = { token, over: 0, op: `${life("r")}/1`, value: Uint8Array.of(0x76) };
  const state = { ...written, present: true, bindings: [], owners: [] } as const;
  return { result: undefined, state, token, ballot, stale: [] };
}

const listed = (counter: number): Listed => ({
  presence: "present",
  ballot: { counter, life: life("r") },
});

/** Watches of buckets whose lists and reads the test answers. */
async function watching() {
  const node = await ScriptedNode.start();
  const lists: ((listed: [RegisterId, Listed][]) => void)[] = [];
  const reads: { register: RegisterId; end: (chosen: Chosen<unknown>) => void }[] = [];
  const over: { token: number } = { token: -1 };
  const watches = new BucketWatches(node.engine, {
    list: () => new Promise((resolve) => lists.push((registers) => resolve(new Map(registers)))),
    read: (register) => new Promise((end) => reads.push({ register, end })),
    hasEnded: ({ token }) => Promise.resolve(token === over.token),
  });
  const told: string[] = [];
  const watch = (into = told) =>
    watches.watch(BUCKET, {
      learned: (register, state) => into.push(`${register.slice(-1)} ${showState(state)}`),
      listed: () => into.push("listed"),
    });
  const list = async (...registers: [RegisterId, Listed][]) => {
    lists.shift()?.(registers);
    await node.settle();
  };
  const read = async (chosen: Chosen<unknown>) => {
    reads.shift()?.end(chosen);
    await node.settle();
  };
  return { node, watches, watch, told, list, read, reads, over };
}

/** The same, after a first list of an empty bucket. */
async function watchingEmpty() {
  const all = await watching();
  all.watch();
  await all.list();
  await all.node.ask("a", "b", "c");
  assertEquals(all.told.splice(0), ["listed"]);
  return all;
}

describe("BucketWatches (section 3)", () => {
  it("tell what a quorum of acceptors accepted at one ballot, for any register", async () => {
    const { node, told } = await watchingEmpty();
    node.rival(3, "x", "a");
    await node.hear("a");
    assertEquals(told, []);
    node.rival(3, "x", "b", "c");
    await node.hear("b", "c");
    assertEquals(told, ["y x@3"]);
  });

  it("tell what all members took in a fast round, and a majority if one is marked (section 3a)", async () => {
    const { node, told } = await watchingEmpty();
    const ballot = { counter: 3, life: life("r") };
    const { state } = present(3);
    if (!state?.present) return;
    const take = (register: RegisterId, ...members: string[]) => {
      for (const member of members) {
        node.give(member, { id: 0, type: "fast", register, ballot, state });
      }
    };
    take(KEY, "a", "b", "c");
    await node.hear("a", "b");
    assertEquals(told, []);
    await node.hear("c");
    assertEquals(told, ["y v@3"]);
    take(other(1), "a", "b");
    node.give("a", { id: 0, type: "chosen", register: other(1), ballot });
    await node.hear("a", "b");
    assertEquals(told.slice(1), ["\x01 v@3"]);
  });

  it("never go back: a late quorum for an older state is ignored", async () => {
    const { node, told } = await watchingEmpty();
    node.rival(3, "x", "a", "b");
    await node.hear("a");
    node.rival(5, "y", "a", "c");
    await node.hear("a", "c");
    await node.hear("b");
    assertEquals(told, ["y y@5"]);
  });

  it("read what a list shows at a higher ballot, and what it shows no more", async () => {
    const { node, told, list, read, reads } = await watchingEmpty();
    node.rival(3, "x", "a", "b");
    await node.hear("a", "b");
    await node.time.pass(5_000);
    await list([KEY, listed(3)]);
    assertEquals(reads.length, 0);
    await node.time.pass(5_000);
    await list([KEY, listed(3)], [other(1), listed(7)]);
    assertEquals(reads.map(({ register }) => register), [other(1)]);
    await read(absent(8));
    await node.time.pass(5_000);
    await list();
    assertEquals(reads.map(({ register }) => register), [KEY]);
    await read(absent(9));
    assertEquals(told, ["y x@3", "\x01 absent@8", "y absent@9"]);
  });

  it("ignore a read that is older than what was pushed", async () => {
    const { node, told, list, read } = await watchingEmpty();
    await node.time.pass(5_000);
    await list([KEY, listed(2)]);
    node.rival(5, "y", "a", "b");
    await node.hear("a", "b");
    await read(absent(2));
    assertEquals(told, ["y y@5"]);
  });

  it("tell of a put below the token of an absence: a floor stands for all registers", async () => {
    const { node, watches, told, list, read } = await watchingEmpty();
    node.rival(3, "x", "a", "b", "c");
    await node.hear("a", "b", "c");
    assertEquals(told.splice(0), ["y x@3"]);
    // Its seal was not pushed, and was forgotten; other registers have raised the floor to 100 meanwhile.
    watches.watch(BUCKET, { learned: () => {}, listed: () => {} });
    await list();
    await read({ ...absent(100), state: null, ballot: { counter: 49, life: "~" } });
    assertEquals(told.splice(0), ["y absent@100"]);
    node.rival(50, "z", "a", "b", "c");
    await node.hear("a", "b", "c");
    assertEquals(told, ["y z@50"]);
  });

  it("read a register that was dropped, if a push may be older than its token", async () => {
    const { node, told, list, read, reads } = await watchingEmpty();
    await node.time.pass(5_000);
    const names = Array.from(
      { length: 10_001 },
      (_, index) => `${BUCKET}\x19${String.fromCharCode(index >> 8, index & 0xff)}`,
    );
    await list([KEY, listed(1)], ...names.map((name): [RegisterId, Listed] => [name, listed(1)]));
    for (let token = 101; reads.length > 0; token++) await read(absent(token));
    told.length = 0;
    // The oldest one, of token 101, was dropped.
    node.rival(100, "x", "a", "b");
    await node.hear("a", "b");
    assertEquals([told, reads.map(({ register }) => register)], [[], [KEY]]);
    await read(absent(101));
    node.rival(102, "z", "a", "b");
    await node.hear("a", "b");
    assertEquals(told, ["y absent@101", "y z@102"]);
  });

  it("tell a newcomer nothing that may be older than what its user has seen", async () => {
    const { node, told, watch, list, read, reads } = await watchingEmpty();
    node.engine.clock.observe(4);
    const late: string[] = [];
    watch(late);
    await list([KEY, listed(2)], [other(1), listed(2)]);
    await read(absent(2));
    // This push may have been under way for long.
    node.rival(3, "x", "a", "b");
    await node.hear("a", "b");
    assertEquals([told, late], [["y absent@2", "y x@3"], ["y absent@2"]]);
    await read(absent(2));
    assertEquals(reads.map(({ register }) => register), [KEY]);
    await read(absent(4));
    assertEquals(late, ["y absent@2", "\x01 absent@2", "y absent@4", "listed"]);
    node.rival(9, "z", "a", "b");
    await node.hear("a", "b");
    assertEquals([told.at(-1), late.at(-1)], ["y z@9", "y z@9"]);
  });

  it("tell a newcomer nothing of what has ended", async () => {
    const { watch, list, read, over } = await watchingEmpty();
    const late: string[] = [];
    watch(late);
    await list([KEY, listed(5)], [other(1), listed(6)]);
    over.token = 5;
    await read(present(5));
    await read(present(6));
    assertEquals(late, ["\x01 v@6", "listed"]);
  });

  it("begin again with another cluster: its tokens may be lower", async () => {
    const { node, watches, told, list, read } = await watchingEmpty();
    node.rival(70, "x", "a", "b");
    await node.hear("a", "b");
    watches.restart();
    await list();
    await read(absent(5));
    assertEquals(told, ["y x@70", "y absent@5"]);
  });

  it("ask nothing and hear nothing after their end", async () => {
    const node = await ScriptedNode.start();
    const stop = node.core.buckets.watch(BUCKET, { learned: () => {}, listed: () => {} });
    await node.ask("a", "b", "c");
    stop();
    await node.ask("a", "b", "c");
    node.trace.length = 0;
    node.rival(3, "x", "a", "b", "c");
    await node.hear("a", "b", "c");
    assertEquals(node.trace, []);
  });
});
