// Runs in Deno alone: pure.
import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { CurrentCall } from "../../lib/singletons/cancellation.ts";
import { contextOf, type InstanceCalls } from "../../lib/singletons/context.ts";
import { makeRemote } from "../../lib/singletons/remote.ts";
import type { ChildContext } from "../../lib/singletons/spec.ts";

const SPEC = { id: "counter", start: () => ({ inc: () => 1 }) };

/** A context, the calls that it made, and the chain that it carries at the moment. */
function start() {
  const made: unknown[][] = [];
  const remote = makeRemote({ register: "s\xf6a" } as never, () => Promise.resolve());
  let chain: string[] = [];
  let current: CurrentCall | null = null;
  const calls = {
    name: (key: unknown, spec: unknown, args: unknown, chainOf: () => unknown) => {
      made.push(["name", key, spec, args, chainOf]);
      return remote;
    },
    call: (...args: unknown[]) => {
      made.push(["call", ...args.slice(1)]);
      return Promise.resolve("result");
    },
  } as unknown as InstanceCalls;
  const own = { key: "k", node: "n1" } as unknown as ChildContext;
  const context = contextOf(own, calls, () => chain as never, () => current);
  return {
    context,
    made,
    remote,
    own,
    wait: (...next: string[]) => chain = next,
    ...{
      runs: (call: CurrentCall | null) => current = call,
    },
  };
}

describe("contextOf() (section 10)", () => {
  it("has what the instance has of its own", () => {
    const { context, own } = start();
    assertEquals([context.key, context.node], [own.key, own.node]);
  });

  it("has the call that runs at the moment", () => {
    const { context, runs } = start();
    assertStrictEquals(context.current, null);
    const call = { node: "n2", signal: AbortSignal.abort() };
    runs(call);
    assertStrictEquals(context.current, call);
    runs(null);
    assertStrictEquals(context.current, null);
  });

  it("makes remotes that carry the chain of the moment of each call", () => {
    const { context, made, remote, wait } = start();
    assertStrictEquals<unknown>(context.name("key", SPEC), remote);
    const [[, key, spec, args, chainOf]] = made;
    assertEquals([key, args], ["key", []]);
    assertStrictEquals(spec, SPEC);
    const current = chainOf as () => unknown;
    assertEquals(current(), []);
    wait("a", "b");
    assertEquals(current(), ["a", "b"]);
  });

  it("makes calls that carry the chain", async () => {
    const { context, made, remote, wait } = start();
    wait("a");
    assertEquals(
      await context.call(remote as never, "inc", [1] as never, { timeout: 5 }),
      "result",
    );
    assertEquals(await context.call(remote as object, "inc"), "result");
    assertEquals(made, [
      ["call", "inc", [1], { timeout: 5 }, ["a"]],
      ["call", "inc", [], {}, ["a"]],
    ]);
  });

  it("rejects what is no remote", async () => {
    const { context, made } = start();
    await assertRejects(() => context.call({}, "inc"), TypeError, "call");
    assertEquals(made, []);
  });
});
