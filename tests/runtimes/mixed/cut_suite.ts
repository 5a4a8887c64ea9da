import { it } from "@std/testing/bdd";
import { assertEquals, assertGreater } from "@std/assert";
import type { Runtime } from "../../../tasks/suites.ts";
import { type MixedCluster, othersThan } from "./mixed_cluster.ts";
import { untilQueued } from "./lock_suite.ts";
import { singletonOn } from "./singleton_suite.ts";

/** The member for each kind of cut. */
export type Faults = Readonly<Record<"silent" | "refused" | "paused", Runtime>>;

/** A member is unreachable for longer than its session lasts, and then reachable again. */
export function cutSuite(cluster: () => MixedCluster, faults: Faults): void {
  for (const [how, cut] of Object.entries(faults) as [keyof Faults, Runtime][]) {
    const [one, other] = othersThan(cut);

    it(`${WHAT[how](cut)}: it loses what it owned, the others continue, and it comes back`, async () => {
      const key = `${cut} is ${how}`;
      const [victim, first, second] = [cut, one, other].map((id) => cluster().member(id));
      const before = await victim.tell("lock", key, key);
      const counter = await singletonOn(cluster(), cut, how);
      const waiting = first.tell("lock", key, key);
      await untilQueued(cluster(), key, 1);

      if (how === "paused") {
        await victim.tell("awaitPause", key);
        victim.pause();
      } else cluster().cut(cut, how);
      assertEquals(await second.tell("put", key, "without it"), { ok: true, value: "without it" });
      const after = await waiting;
      assertGreater(after!.token, before!.token);
      assertEquals(await second.tell("call", counter, "inc"), 1);

      if (how === "paused") {
        victim.resume();
        // Evaluated before any message or timer could tell it.
        assertEquals(await victim.tell("heldAfterPause"), false);
      } else {
        assertEquals(await victim.tell("held", key), false);
        const put = await victim.tell("put", `${key} alone`, 1, { timeout: 200 });
        assertEquals(put, { ok: false, error: "no_quorum" });
        cluster().heal();
      }

      await cluster().whole();
      assertEquals(await victim.tell("lost", key), "session_lost");
      assertEquals(await victim.tell("get", key), { ok: true, value: "without it" });
      assertEquals(await victim.tell("call", counter, "inc"), 2);
      const again = victim.tell("lock", key, key);
      await untilQueued(cluster(), key, 1);
      await first.tell("release", key);
      assertGreater((await again)!.token, after!.token);
      await victim.tell("release", key);
    });
  }
}

const WHAT: Readonly<Record<keyof Faults, (cut: Runtime) => string>> = {
  silent: (cut) => `no data reaches or leaves ${cut}`,
  refused: (cut) => `all connections of ${cut} break, and new ones are refused`,
  paused: (cut) => `the process of ${cut} is stopped`,
};
