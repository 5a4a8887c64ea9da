import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import type { Runtime } from "../../../tasks/suites.ts";
import { eventually } from "../../support/wait.ts";
import { type MixedCluster, othersThan, SESSION_TTL } from "./mixed_cluster.ts";
import { untilQueued } from "./lock_suite.ts";

/**
 * A member leaves, and comes back. No member may have come back shortly before: for one time to live it
 * assumes that sessions it does not know still exist.
 */
export function leavingSuite(cluster: () => MixedCluster, first: Runtime): void {
  const [second, third] = othersThan(first);

  describe(`close() in ${first}`, () => {
    it("releases what the member owned at once", async () => {
      const [leaving, next, other] = [first, second, third].map((id) => cluster().member(id));
      const key = "owned by one that leaves";
      const lock = await leaving.tell("lock", key, key);
      await leaving.tell("put", key, "bound", { node: first });
      const waiting = next.tell("lock", key, key);
      await untilQueued(cluster(), key, 1);
      const begun = performance.now();
      await leaving.tell("close");
      assertGreater((await waiting)!.token, lock!.token);
      for (const member of [next, other]) {
        await eventually(async () => !(await member.tell("get", key)).ok, "what was bound is gone");
      }
      assertLess(performance.now() - begun, SESSION_TTL / 2);
      await next.tell("release", key);
    });

    it("leaves nothing open: the process ends by itself", async () => {
      assertEquals(await cluster().member(first).leave(), 0);
    });

    it("lets the member come back", async () => {
      await cluster().launch(first);
      await cluster().whole();
      assertEquals(await cluster().member(first).tell("put", "back", first), {
        ok: true,
        value: first,
      });
    });
  });
}

/** All members leave, one after the other, after all other suites; it must be the last suite. */
export function endSuite(cluster: () => MixedCluster, order: readonly Runtime[]): void {
  describe("close() of one member after the other", () => {
    for (const runtime of order) {
      it(`leaves nothing open in ${runtime}: the process ends by itself`, async () => {
        const member = cluster().member(runtime);
        await member.tell("close");
        assertEquals(await member.leave(), 0);
      });
    }
  });
}
