// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { LockRequest } from "../../lib/locks/lock_request.ts";
import { FREE } from "../../lib/paxos/lock_register.ts";
import { life } from "../support/scripted_node.ts";
import { ELSEWHERE, entry, LockScript } from "./support/lock_script.ts";

describe("LockWaiters: a waiting request (section 9)", () => {
  /** A request that is queued behind ELSEWHERE's, at ballot 4. */
  async function queued(): Promise<
    { script: LockScript; request: { outcome: string; request: LockRequest | null } }
  > {
    const script = await LockScript.start();
    script.renew("a", "b", "c");
    script.write(3, { holders: [entry(ELSEWHERE, 1, 3)], queue: [] }, 0, "a", "b", "c");
    const request = script.acquire();
    await script.node.ask("a", "b");
    await script.node.ask("a", "b");
    assertEquals(script.held("a"), "n@3, then x@0");
    script.node.trace.length = 0;
    return { script, request };
  }

  it("has the lock when a chosen state says so", async () => {
    const { script, request } = await queued();
    const own = entry(script.owner.pid, 1, 7);
    script.note(7, { holders: [own], queue: [] });
    await script.node.settle();
    assertEquals(request.outcome, "granted 7");
  });

  it("was stolen from if it is in neither list at a higher ballot, and makes sure that its entry is gone", async () => {
    const { script, request } = await queued();
    script.note(7, { holders: [entry(ELSEWHERE, 2, 7)], queue: [] });
    await script.node.settle();
    assertEquals(request.outcome, "AbortError");
    await script.rounds("a", "b");
    assertEquals([script.count("a", "accept"), script.held("a")], [1, "n@3, then "]);
  });

  it("asks once about a session that holds the lock in turn with others", async () => {
    const { script } = await queued();
    const own = entry(script.owner.pid, 1, 0);
    const other = { node: "o", session: `o/${life(5)}/1`, seq: 1 };
    const [first, second] = [entry(ELSEWHERE, 1, 3), entry(ELSEWHERE, 2, 0)];
    script.note(5, { holders: [first], queue: [own, second] });
    await script.rounds("a", "b");
    script.note(6, { holders: [entry(other, 1, 6)], queue: [own, second] });
    await script.rounds("a", "b");
    assertEquals(script.count("a", "look"), 2);
    script.note(7, { holders: [{ ...second, token: 7 }], queue: [own] });
    await script.rounds("a", "b");
    assertEquals(script.count("a", "look"), 2);
    // Its node may have closed since: another question, if it does not pass the lock on soon.
    for (let i = 0; i < 40; i++) {
      await script.node.time.pass(10);
      await script.rounds("a", "b");
      script.note(8 + i, { holders: [{ ...second, token: 7 }], queue: [own] });
    }
    assertEquals(script.count("a", "look"), 3);
  });

  it("asks again about a holder in its turn also beside another one that keeps the lock", async () => {
    const { script } = await queued();
    const own = entry(script.owner.pid, 1, 0);
    const other = { node: "o", session: `o/${life(5)}/1`, seq: 1 };
    const long = entry(other, 1, 5, "shared");
    const [first, second] = [entry(ELSEWHERE, 1, 5, "shared"), entry(ELSEWHERE, 2, 0, "shared")];
    script.note(5, { holders: [long, first], queue: [second, own] });
    await script.rounds("a", "b");
    await script.node.time.pass(200);
    await script.rounds("a", "b");
    // One when its node holds the lock for the first time, and one for who was watched already.
    assertEquals(script.count("a", "look"), 2);
    script.note(6, { holders: [long, { ...second, token: 6 }], queue: [own] });
    for (let i = 0; i < 40; i++) {
      await script.node.time.pass(10);
      await script.rounds("a", "b");
    }
    assertEquals(script.count("a", "look"), 3);
  });

  it("continues to wait when it receives a state from before its request", async () => {
    const { script, request } = await queued();
    for (const counter of [2, 3]) script.note(counter, FREE);
    await script.node.settle();
    assertEquals(request.outcome, "pending");
  });

  it("keeps no promise that a later state has outdated", async () => {
    const { script, request } = await queued();
    const own = entry(script.owner.pid, 1, 7);
    script.write(7, { holders: [own], queue: [] }, 4, "a", "b", "c");
    script.note(7, { holders: [own], queue: [] });
    await script.node.settle();
    script.node.trace.length = 0;
    script.table.release(request.request!);
    const asked = await script.node.asked("a");
    // A member without room promises it from its reserve.
    assertEquals(asked.some((it) => it.type === "prepare" && it.reserve === true), true);
    await script.node.ask("a", "b");
    assertEquals(script.count("a", "prepare"), 1);
  });
});
