import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import type { Runtime } from "../../../tasks/suites.ts";
import { valueOf } from "../../support/expect.ts";
import { eventually } from "../../support/wait.ts";
import { MEMBERS, type MixedCluster, othersThan } from "./mixed_cluster.ts";

/** Waits until one of the members reports `count` waiting requests for the lock `key`. */
export async function untilQueued(
  cluster: MixedCluster,
  key: string,
  count: number,
): Promise<void> {
  await eventually(async () => {
    const { pending } = await cluster.member("deno").tell("query");
    return pending.filter(({ name }) => name === key).length === count;
  }, `${count} wait for ${key}`);
}

/** Locks between members in different runtimes. */
export function lockSuite(cluster: () => MixedCluster): void {
  const member = (id: Runtime) => cluster().member(id);

  describe("locks", () => {
    for (const first of MEMBERS) {
      const [second, third] = othersThan(first);

      it(`${first}, ${second}, ${third}: each owns it in turn, with a greater token`, async () => {
        const key = `turns from ${first}`;
        const own = await member(first).tell("lock", key, key);
        const next = member(second).tell("lock", key, key);
        await untilQueued(cluster(), key, 1);
        const last = member(third).tell("lock", key, key);
        await untilQueued(cluster(), key, 2);
        assertEquals(await member(second).tell("lock", "none", key, { ifAvailable: true }), null);

        const tokens = [own!.token];
        await member(first).tell("release", key);
        tokens.push((await next)!.token);
        assertEquals(await member(first).tell("held", key), false);
        assertEquals(await member(second).tell("held", key), true);
        const holders = await cluster().all(({ tell }) => tell("holders", key));
        for (const [{ pid, ...holder }, ...others] of holders.map(valueOf)) {
          assertEquals([pid.node, holder], [second, { mode: "exclusive", token: tokens[1] }]);
          assertEquals(others, []);
        }
        await member(second).tell("release", key);
        tokens.push((await last)!.token);
        await member(third).tell("release", key);
        assertGreater(tokens[1], tokens[0]);
        assertGreater(tokens[2], tokens[1]);
        assertEquals(valueOf(await member(first).tell("holders", key)), []);
      });

      it(`${first} steals it from ${second}, which is notified`, async () => {
        const key = `stolen by ${first}`;
        const before = await member(second).tell("lock", key, key);
        const lost = member(second).tell("lost", key);
        const stolen = await member(first).tell("lock", key, key, { steal: true });
        assertGreater(stolen!.token, before!.token);
        assertEquals(await lost, "AbortError");
        assertEquals(await member(second).tell("held", key), false);
        // A release by the old owner does not affect the new one.
        await member(second).tell("release", key);
        assertEquals(await member(first).tell("held", key), true);
        await member(first).tell("release", key);
      });

      it(`${first} leaves the queue after its timeout`, async () => {
        const key = `given up by ${first}`;
        await member(second).tell("lock", key, key);
        const { name } = await assertRejects(
          () => member(first).tell("lock", "none", key, { timeout: 50 }),
          Error,
        );
        assertEquals(name, "TimeoutError");
        const next = member(third).tell("lock", key, key);
        await member(second).tell("release", key);
        await next;
        await member(third).tell("release", key);
      });

      it(`a process of ${first} holds it once for all its calls, until it ends`, async () => {
        const key = `of a process of ${first}`;
        await member(first).tell("spawn", key);
        const once = await member(first).tell("lock", "once", key, {}, key);
        const twice = await member(first).tell("lock", "twice", key, {}, key);
        assertEquals(twice, once);
        await member(first).tell("release", "once");
        assertEquals(await member(second).tell("lock", "none", key, { ifAvailable: true }), null);
        const next = member(second).tell("lock", key, key);
        await member(first).tell("exit", key);
        assertGreater((await next)!.token, once!.token);
        await member(second).tell("release", key);
      });
    }

    it("is shared by all shared requests, until one request is exclusive", async () => {
      const key = "shared";
      const shared = await cluster().all(({ tell }) => tell("lock", key, key, { mode: "shared" }));
      assertEquals(await cluster().all(({ tell }) => tell("held", key)), [true, true, true]);
      const alone = member("bun").tell("lock", "alone", key);
      await untilQueued(cluster(), key, 1);
      // A later request does not overtake it.
      const later = { mode: "shared", ifAvailable: true } as const;
      assertEquals(await member("node").tell("lock", "none", key, later), null);
      for (const runtime of MEMBERS) await member(runtime).tell("release", key);
      for (const { token } of shared.map((held) => held!)) {
        assertGreater((await alone)!.token, token);
      }
      await member("bun").tell("release", "alone");
    });

    it("protects a critical section", async () => {
      const [turns, tokens] = [10, [] as number[]];
      let inside = 0;
      await cluster().all(async ({ tell }) => {
        for (let i = 0; i < turns; i++) {
          const lock = await tell("lock", "counted", "counted");
          tokens.push(lock!.token);
          assertEquals(++inside, 1);
          assert(await tell("held", "counted"));
          inside--;
          await tell("release", "counted");
        }
      });
      assertEquals(tokens, tokens.toSorted((a, b) => a - b));
      assertEquals(new Set(tokens).size, turns * MEMBERS.length);
    });
  });
}
