// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { readLocks } from "../../lib/locks/snapshot.ts";
import { ELSEWHERE, entry, LOCK, LockScript } from "./support/lock_script.ts";

/** The snapshot, once a and b have answered everything. */
async function snapshot(script: LockScript, isWanted = (_: string) => true) {
  const { core, time } = script.node;
  const limits = { deadline: time.runtime.now() + 2_000 };
  let result: unknown = "pending";
  readLocks(core, script.table, isWanted, limits).then((locks) =>
    result = [...locks].map(([register, { holders, queue }]) => [
      register,
      holders.map(({ pid }) => pid.node),
      queue.map(({ pid }) => pid.node),
    ])
  );
  script.node.trace.length = 0;
  await script.rounds("a", "b");
  return result;
}

describe("readLocks() (section 8)", () => {
  it("does not read a lock whose sessions have all ended", async () => {
    const script = await LockScript.start();
    script.write(3, { holders: [entry(ELSEWHERE, 1, 3)], queue: [] }, 0, "a", "b", "c");
    assertEquals(await snapshot(script), []);
    assertEquals([script.count("a", "fence"), script.count("a", "read")], [1, 0]);
  });

  it("leaves out a dead holder and a dead waiter of a lock with others", async () => {
    for (const dead of ["holder", "waiter"]) {
      const script = await LockScript.start();
      const both = [entry(ELSEWHERE, 1, 3), entry(script.owner.pid, 1, 3)];
      const [holder, waiter] = dead === "holder" ? both : both.reverse();
      const queue = [{ ...waiter, token: 0 }];
      script.write(3, { holders: [holder], queue }, 0, "a", "b", "c");
      const expected = dead === "holder" ? [LOCK, [], ["x"]] : [LOCK, ["x"], []];
      assertEquals(await snapshot(script), [expected], dead);
      assertEquals(script.count("a", "accept"), 0);
    }
  });

  it("shows a lock whose owner lives, if it is wanted", async () => {
    const script = await LockScript.start();
    script.renew("a", "b", "c");
    script.write(3, { holders: [entry(ELSEWHERE, 1, 3)], queue: [] }, 0, "a", "b", "c");
    assertEquals(await snapshot(script), [[LOCK, ["n"], []]]);
    assertEquals(await snapshot(script, (register) => register !== LOCK), []);
    assertEquals(script.count("a", "read"), 0);
  });
});
