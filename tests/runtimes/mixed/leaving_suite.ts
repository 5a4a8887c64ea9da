import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import type { Runtime } from "../../../tasks/suites.ts";
import { eventually } from "../../support/wait.ts";
import { type MixedCluster, othersThan, SESSION_TTL } from "./cluster.ts";
import { untilQueued } from "./lock_suite.ts";

/**
 * A member leaves, and comes back. No member may have come back just before: it would believe for the
 * time of a session in those that it knows nothing of.
 */
export function leavingSuite(cluster: () => MixedCluster, first: Runtime): void {
  const [second, third] = othersThan(first);

  describe(`close() in ${first}`, () => {
    it("gives the others at once what it owned", async () => {
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

    it("leaves nothing: the process ends by itself", async () => {
      assertEquals(await cluster().member(first).leave(), 0);
    });

    it("does not keep it from coming back", async () => {
      await cluster().launch(first);
      await cluster().whole();
      assertEquals(await cluster().member(first).tell("put", "back", first), {
        ok: true,
        value: first,
      });
    });
  });
}

/** All leave, one after the other, whatever they have been through; nothing can come after this suite. */
export function endSuite(cluster: () => MixedCluster, order: readonly Runtime[]): void {
  describe("close() of one after the other", () => {
    for (const runtime of order) {
      it(`leaves nothing in ${runtime}: the process ends by itself`, async () => {
        const member = cluster().member(runtime);
        await member.tell("close");
        assertEquals(await member.leave(), 0);
      });
    }
  });
}
