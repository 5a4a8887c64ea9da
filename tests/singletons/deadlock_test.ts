import { assertEquals, assertInstanceOf } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type ChildContext, type ChildSpec, SynodError } from "../../mod.ts";
import { assertCode, reasonOf } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

/** Calls other singletons. */
interface Caller {
  /** Calls `path[0]`, which calls the next one, and so on; the last one answers with its own name. */
  along(path: string[]): Promise<string>;
  /** The same from a timer; the timer logs the answer. */
  later(path: string[]): Promise<void>;
  /** The same, by `context.call`. */
  byCall(path: string[]): Promise<string>;
}

/** Specs whose instances call each other by the ids of their specs. */
function callers(names: Record<string, { concurrent?: boolean; start?: string[] }>) {
  const specs = new Map<string, ChildSpec<Caller, []>>();
  const log: string[] = [];
  for (const [id, { concurrent = false, start }] of Object.entries(names)) {
    const next = (context: ChildContext, [name, ...rest]: string[]) =>
      name === undefined ? id : context.name("k", specs.get(name)!).along(rest);
    specs.set(id, {
      id,
      concurrent,
      start: async (context) => {
        if (start !== undefined) await next(context, start);
        return {
          along: async (path) => await next(context, path),
          byCall: async ([name, ...rest]) =>
            await context.call(context.name("k", specs.get(name)!), "along", [rest]) as string,
          // deno-lint-ignore require-await -- it answers at once
          later: async (path) => {
            setTimeout(async () => {
              const end = await Promise.resolve(next(context, path)).catch(({ code }) => code);
              log.push(`${id} later: ${end}`);
            });
          },
        };
      },
    });
  }
  return { specs, log, hosts: [...specs.values()] };
}

/** Calls the first of `path`, which calls the rest; returns the outcome within a second. */
async function ends(names: Parameters<typeof callers>[0], path: string[]): Promise<unknown> {
  const { specs, hosts } = callers(names);
  await using cluster = await VirtualCluster.start(3, { hosts });
  const { time, nodes: [node] } = cluster;
  const [first, ...rest] = path;
  const call = node.name("k", specs.get(first)!).along(rest);
  const begun = time.runtime.now();
  const end = await time.until(call.then((value) => value, (error) => error));
  const took = time.runtime.now() - begun;
  if (took > 1_000) return `after ${took} ms: ${end}`;
  if (end instanceof SynodError) return end.code;
  return end;
}

describe("calls that would wait for themselves", () => {
  it("of a singleton that calls itself: deadlock, at once", async () => {
    assertEquals(await ends({ a: {} }, ["a", "a"]), "deadlock");
  });

  it("in a cycle of any length: deadlock, at once", async () => {
    assertEquals(await ends({ a: {}, b: {} }, ["a", "b", "a"]), "deadlock");
    assertEquals(await ends({ a: {}, b: {}, c: {} }, ["a", "b", "c", "b"]), "deadlock");
    assertEquals(await ends({ a: {}, b: {}, c: {} }, ["a", "b", "c", "a"]), "deadlock");
  });

  it("through a concurrent singleton: deadlock if the one that is called again is not concurrent", async () => {
    const names = { a: {}, b: { concurrent: true } };
    assertEquals(await ends(names, ["a", "b", "a"]), "deadlock");
    assertEquals(await ends(names, ["b", "a", "b"]), "b");
    assertEquals(await ends(names, ["b", "b"]), "b");
  });

  it("in a start, also of a concurrent singleton: deadlock, at once", async () => {
    assertEquals(await ends({ a: { start: ["a"] } }, ["a"]), "deadlock");
    assertEquals(await ends({ a: { start: ["a"], concurrent: true } }, ["a"]), "deadlock");
    assertEquals(await ends({ a: {}, b: { start: ["a"] } }, ["a", "b"]), "deadlock");
    assertEquals(await ends({ a: { start: ["b"] }, b: {} }, ["a"]), "a");
  });

  it("and no others: not calls along a chain, nor calls of a singleton whose own call is over", async () => {
    assertEquals(await ends({ a: {}, b: {}, c: {} }, ["a", "b", "c"]), "c");
    const { specs, hosts } = callers({ a: {}, b: {} });
    await using cluster = await VirtualCluster.start(3, { hosts });
    const { time, nodes: [node] } = cluster;
    const [a, b] = [node.name("k", specs.get("a")!), node.name("k", specs.get("b")!)];
    const both = Promise.all([a.along(["b"]), b.along([]), a.along(["b"]), b.along([])]);
    assertEquals(await time.until(both), ["b", "b", "b", "b"]);
    // The same spec under another key is another singleton.
    assertEquals(await time.until(node.name("other", specs.get("a")!).along(["a"])), "a");
  });

  it("by context.call, with a remote made by any node", async () => {
    const { specs, hosts } = callers({ a: {}, b: {} });
    await using cluster = await VirtualCluster.start(3, { hosts });
    const { time, nodes: [node] } = cluster;
    const a = node.name("k", specs.get("a")!);
    await assertCode(time.until(a.byCall(["a"])), "deadlock");
    await assertCode(time.until(a.byCall(["b", "a"])), "deadlock");
    assertEquals(await time.until(a.byCall(["b"])), "b");
  });

  it("leave all singletons free for the next call", async () => {
    const { specs, hosts } = callers({ a: {}, b: {} });
    await using cluster = await VirtualCluster.start(3, { hosts });
    const { time, nodes: [node] } = cluster;
    const a = node.name("k", specs.get("a")!);
    await assertCode(time.until(a.along(["b", "a"])), "deadlock");
    assertEquals(await time.until(a.along(["b"])), "b");
  });

  it("do not include calls that an instance makes outside its own calls", async () => {
    const { specs, hosts, log } = callers({ a: {}, b: {} });
    await using cluster = await VirtualCluster.start(3, { hosts });
    const { time, nodes: [node] } = cluster;
    await time.until(node.name("k", specs.get("a")!).later(["a"]));
    await cluster.pass(0);
    await cluster.pass(1_000);
    assertEquals(log, ["a later: a"]);
  });

  it("through the node end after callTimeout, 30 seconds by default", async () => {
    for (const callTimeout of [undefined, 5_000]) {
      const spec: ChildSpec<{ again(): Promise<unknown> }, []> = {
        id: "a",
        start: () => ({ again: () => node.name("k", spec).again() }),
      };
      const options = callTimeout === undefined ? {} : { callTimeout };
      await using cluster = await VirtualCluster.start(1, { hosts: [spec], ...options });
      const { time, nodes: [node] } = cluster;
      for (
        const call of [
          () => node.name("k", spec).again(),
          () => node.call(node.name("k", spec), "again"),
        ]
      ) {
        const begun = time.runtime.now();
        const reason = await time.until(reasonOf(call()));
        assertInstanceOf(reason, DOMException);
        assertEquals(reason.name, "TimeoutError");
        assertEquals(Math.round((time.runtime.now() - begun) / 10) * 10, callTimeout ?? 30_000);
      }
    }
  });

  it("are not distinguished from a chain of more than 64 calls that wait for one another: queue_full", async () => {
    const specs: ChildSpec<{ go(n: number): Promise<number> }, []> = {
      id: "a",
      start: (context) => ({
        go: async (n) => n === 0 ? 0 : 1 + await context.name(n, specs).go(n - 1),
      }),
    };
    await using cluster = await VirtualCluster.start(1, { hosts: [specs] });
    const { time, nodes: [node] } = cluster;
    assertEquals(await time.until(node.name("k", specs).go(63)), 63);
    await assertCode(time.until(node.name("k", specs).go(70)), "queue_full");
  });
});
