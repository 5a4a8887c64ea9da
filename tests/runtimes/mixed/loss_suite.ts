import { beforeAll, describe, it } from "@std/testing/bdd";
import { assertEquals, assertGreater, assertInstanceOf, assertLess } from "@std/assert";
import { reasonOf } from "../../support/expect.ts";
import { MEMBERS, type MixedCluster, othersThan } from "./mixed_cluster.ts";
import type { Held } from "./commands.ts";
import { CommandError } from "./member_process.ts";
import { untilQueued } from "./lock_suite.ts";
import { singletonOn } from "./singleton_suite.ts";
import type { Work } from "./work.ts";

/** Longest operation of the remaining members, in milliseconds. */
const PAUSE = 2_000;

const NOT_FOUND = { ok: false, error: "not_found" } as const;

/** The effects when a process is killed, and when it comes back with an empty memory. */
export function lossSuite(cluster: () => MixedCluster): void {
  for (const lost of MEMBERS) {
    const [one, other] = othersThan(lost);

    describe(`when the process of ${lost} is killed`, () => {
      const key = `lost with ${lost}`;
      let counter: string;
      let before: Held;
      let after: Held;
      let hanging: unknown;
      let works: Work[];

      beforeAll(async () => {
        const [victim, first, second] = [lost, one, other].map((id) => cluster().member(id));
        before = (await victim.tell("lock", key, key))!;
        await victim.tell("put", key, "bound", { node: lost });
        await victim.tell("put", `kept of ${lost}`, lost);
        counter = await singletonOn(cluster(), lost, "lost");
        await first.tell("call", counter, "inc");
        const waiting = second.tell("lock", key, key);
        await untilQueued(cluster(), key, 1);
        const call = reasonOf(first.tell("call", counter, "hang"));
        await victim.tell("hanging");
        const working = [first, second].map((member) =>
          member.tell("work", `${member.runtime} without ${lost}`)
        );

        await cluster().kill(lost);
        // They work until everything that it owned is released, and longer.
        after = (await waiting)!;
        hanging = await call;
        for (const member of [first, second]) await member.tell("stop");
        works = await Promise.all(working);
      });

      it("the others continue within two seconds, and no operation fails", () => {
        for (const { rounds, longest } of works) {
          assertGreater(rounds, 10);
          assertLess(longest, PAUSE);
        }
      });

      it("its lock passes to the waiting member, with a greater token", async () => {
        assertGreater(after.token, before.token);
        assertEquals(await cluster().member(other).tell("held", key), true);
        await cluster().member(other).tell("release", key);
      });

      it("values that were bound to it are gone, and other values remain", async () => {
        for (const id of [one, other]) {
          assertEquals(await cluster().member(id).tell("get", key), NOT_FOUND);
          const kept = await cluster().member(id).tell("get", `kept of ${lost}`);
          assertEquals(kept, { ok: true, value: lost });
        }
      });

      it("a call that it was executing has an unknown outcome", () => {
        assertInstanceOf(hanging, CommandError);
        assertEquals(hanging.code, "outcome_unknown");
      });

      it("its singleton starts on one of the others, with a new state", async () => {
        assertEquals(await cluster().member(one).tell("call", counter, "inc"), 1);
        assertEquals(await cluster().member(other).tell("call", counter, "inc"), 2);
        const host = await cluster().member(other).tell("call", counter, "host");
        assertEquals([one, other].filter((id) => id === host).length, 1);
      });

      it("it comes back with empty memory, recovers, and takes part again", async () => {
        await cluster().launch(lost);
        const back = cluster().member(lost);
        await back.tell("ready");
        await cluster().whole();
        assertEquals(await back.tell("get", `kept of ${lost}`), { ok: true, value: lost });
        assertEquals(await back.tell("put", `again ${lost}`, 1n), { ok: true, value: 1n });
        assertEquals(await back.tell("call", counter, "inc"), 3);
        const again = await back.tell("lock", key, key);
        assertGreater(again!.token, after.token);
        await back.tell("release", key);
      });
    });
  }
}
