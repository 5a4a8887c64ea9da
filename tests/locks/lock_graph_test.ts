// Runs in Deno alone: pure.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  cycleThrough,
  type OwnedLock,
  sameProcess,
  sameSession,
} from "../../lib/locks/lock_graph.ts";
import type { LockEntry } from "../../lib/paxos/lock_register.ts";

const entry = (name: string, request = 1): LockEntry => {
  const [node, seq] = [name[0], Number(name.slice(1) || 1)];
  return { pid: { node, session: node, seq }, request, mode: "exclusive", token: 0 };
};

/** Locks from their owners and those who wait, as `a: x | y z`. */
function locks(...lines: string[]): Map<string, OwnedLock> {
  return new Map(lines.map((line) => {
    const [register, who] = line.split(": ");
    const [holders, queue = ""] = who.split(" | ").map((names) =>
      names.split(" ").filter((name) => name !== "").map((name) => entry(name))
    ) as [LockEntry[], LockEntry[]?];
    return [register, { holders, queue: queue || [] }];
  }));
}

const shown = (cycle: ReturnType<typeof cycleThrough>) =>
  cycle?.map(({ register, owner }) => `${register}:${owner.pid.node}`).join(" ") ?? null;

describe("cycleThrough()", () => {
  it("finds the shortest cycle, from the lock that is asked about", () => {
    const graph = locks("a: x | z", "b: y | x", "c: z | y x");
    assertEquals(shown(cycleThrough("a", graph, sameProcess)), "a:x c:z");
    assertEquals(shown(cycleThrough("b", graph, sameProcess)), "b:y c:z a:x");
  });

  it("finds none where a lock is only waited for", () => {
    for (const graph of [locks("a: x | y"), locks("a: x | y", "b: y | z"), locks("a: | x")]) {
      assertEquals(cycleThrough("a", graph, sameProcess), null);
    }
    assertEquals(cycleThrough("unknown", locks("a: x | y"), sameProcess), null);
  });

  it("finds none through a lock that leads into a cycle of others", () => {
    const graph = locks("a: w | v", "b: x | w y", "c: y | x");
    assertEquals(cycleThrough("a", graph, sameProcess), null);
    assertEquals(shown(cycleThrough("b", graph, sameProcess)), "b:x c:y");
  });

  it("goes through any of the owners that share a lock", () => {
    const graph = locks("a: v w x | y", "b: y | x");
    assertEquals(shown(cycleThrough("a", graph, sameProcess)), "a:x b:y");
  });

  it("tells a process from another one of its session", () => {
    const graph = locks("a: x1 | y1", "b: y2 | x2");
    assertEquals(cycleThrough("a", graph, sameProcess), null);
    assertEquals(shown(cycleThrough("a", graph, sameSession)), "a:x b:y");
  });

  it("takes no owner that waits for its own lock again for a cycle", () => {
    assertEquals(cycleThrough("a", locks("a: x | x"), sameSession), null);
  });

  it("agrees with a search of all paths, over all graphs of three locks and three owners", () => {
    const names = ["x", "y", "z"];
    const registers = ["a", "b", "c"];
    let cycles = 0;
    for (let owners = 0; owners < 27; owners++) {
      const owner = (lock: number) => names[Math.floor(owners / 3 ** lock) % 3];
      for (let waits = 0; waits < 512; waits++) {
        const graph = locks(...registers.map((register, lock) => {
          const queue = names.filter((_, name) => waits & 1 << (3 * lock + name));
          return `${register}: ${owner(lock)} | ${queue.join(" ")}`;
        }));
        const found = cycleThrough("a", graph, sameProcess);
        const next = (from: string) =>
          registers.filter((to) =>
            to !== from &&
            graph.get(to)!.queue.some(({ pid }) =>
              pid.node === graph.get(from)!.holders[0].pid.node
            )
          );
        const twoSteps = next("a").some((b) => next(b).includes("a"));
        const threeSteps = next("a").some((b) =>
          next(b).some((c) => c !== "a" && next(c).includes("a"))
        );
        assertEquals(found?.length ?? 0, twoSteps ? 2 : threeSteps ? 3 : 0);
        if (found !== null) cycles++;
      }
    }
    assert(cycles > 0);
  });
});
