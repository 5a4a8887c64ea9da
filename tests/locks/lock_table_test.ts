// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { SynodError } from "../../lib/errors.ts";
import { Lock } from "../../lib/locks/lock.ts";
import type { LockRequest } from "../../lib/locks/lock_request.ts";
import { life } from "../support/scripted_node.ts";
import { ELSEWHERE, entry, LOCK, LockScript } from "./support/lock_script.ts";

describe("LockTable: a request that is taken back (section 9)", () => {
  it("whose outcome is unknown is overwritten, though it is not visible", async () => {
    const script = await LockScript.start();
    const aborter = new AbortController();
    const request = script.acquire({ signal: aborter.signal });
    await script.node.ask("a", "b");
    // Its accept is only in transit to c.
    const late = (await script.node.asked("c")).filter(({ type }) => type === "accept");
    await script.node.lose("a", "b", "c");
    aborter.abort();
    await script.rounds("a", "b");
    assertEquals(request.outcome, "AbortError");
    assertEquals(script.count("a", "accept"), 1);
    // Now it is too late: a quorum of c and another member reports the later write.
    for (const accept of late) {
      if (accept.type !== "accept") continue;
      script.node.voter("c").handle(accept, { node: "x", life: life(9) }, 0);
    }
    const next = script.acquire();
    await script.rounds("c", "a");
    assertEquals(next.outcome.startsWith("granted"), true);
  });

  it("leaves nothing behind when no accept was sent", async () => {
    const script = await LockScript.start();
    const aborter = new AbortController();
    script.acquire({ signal: aborter.signal });
    await script.node.ask("a");
    aborter.abort();
    await script.rounds("a", "b");
    assertEquals(script.count("a", "accept"), 0);
  });

  it("of an owner that has ended is not made", async () => {
    const script = await LockScript.start();
    const request = script.acquire();
    await script.node.ask("a");
    script.processes.end(script.owner);
    await script.rounds("b", "a");
    assertEquals([request.outcome, script.count("a", "accept")], ["session_lost", 0]);
  });
});

describe("LockTable: a grant (section 9)", () => {
  it("that arrives after the session's deadline does not count", async () => {
    const script = await LockScript.start();
    const request = script.acquire();
    await script.node.ask("a", "b");
    await script.node.send("a", "b");
    // No timer has run: only the wall clock has advanced, as in a sleep.
    script.node.ahead = 5_000;
    await script.node.hear("a", "b");
    assertEquals(request.outcome, "session_lost");
  });

  it("that is known is not requested again, even if another owner seems to be gone", async () => {
    const script = await LockScript.start();
    const shared = { holders: [entry(ELSEWHERE, 1, 3, "shared")], queue: [] };
    script.write(3, shared, 0, "a", "b", "c");
    const request = script.acquire({ mode: "shared" });
    // Its write is chosen, but the replies are lost: it has to look again, and finds itself.
    await script.node.ask("a", "b");
    await script.node.send("a", "b");
    await script.node.lose("a", "b", "c");
    while (script.count("a", "prepare") < 2) {
      await script.node.time.pass(20);
      await script.node.ask("a", "b");
    }
    assertEquals([script.held("a"), request.outcome], ["n@3 x@4, then ", "pending"]);
    await script.node.ask("a", "b");
    assertEquals([request.outcome, script.count("a", "fence")], ["granted 4", 0]);
  });

  it("does not come from the belief of members that the holder is gone: only a fence lets it in", async () => {
    const script = await LockScript.start();
    script.write(3, { holders: [entry(ELSEWHERE, 1, 3)], queue: [] }, 0, "a", "b", "c");
    const request = script.acquire();
    await script.node.ask("a", "b");
    // They do not know the holder's session, but receive a renewal before they are asked to fence it.
    await script.node.send("a", "b");
    script.renew("a", "b", "c");
    await script.node.hear("a", "b");
    await script.rounds("a", "b", "c");
    assertEquals(request.outcome, "pending");
    assertEquals(script.held("a"), "n@3, then x@0");
  });

  it("with ifAvailable does not come from that belief either", async () => {
    for (const [lives, outcome] of [[true, "unavailable"], [false, "granted 6"]] as const) {
      const script = await LockScript.start();
      script.write(3, { holders: [entry(ELSEWHERE, 1, 3)], queue: [] }, 0, "a", "b", "c");
      const request = script.acquire({ ifAvailable: true });
      await script.node.ask("a", "b");
      // Both believe the holder gone, and are asked to fence it.
      if (lives) script.renew("a", "b", "c");
      await script.rounds("a", "b", "c");
      assertEquals([script.count("a", "fence"), request.outcome], [1, outcome]);
    }
  });

  it("comes as soon as a quorum has fenced the holder", async () => {
    const script = await LockScript.start();
    const held = [entry(ELSEWHERE, 1, 3)];
    script.write(3, { holders: held, queue: [] }, 0, "a", "b", "c");
    const request = script.acquire();
    await script.node.ask("a", "b");
    await script.node.ask("a", "b");
    assertEquals(script.held("a"), "n@3, then x@0");
    // It learns the state in which it waits, and checks the holder.
    script.note(4, { holders: held, queue: [entry(script.owner.pid, 1, 0)] });
    await script.rounds("a", "b");
    assertEquals(script.count("a", "fence"), 1);
    assertEquals(request.outcome.startsWith("granted"), true);
  });
});

describe("LockTable: a session that is over (section 9)", () => {
  /** A lock that is held. */
  async function held(): Promise<{ script: LockScript; lock: Lock; request: LockRequest }> {
    const script = await LockScript.start();
    const { session } = script.node.core;
    const acquired = script.acquire();
    await script.node.ask("a", "b");
    await script.node.ask("a", "b");
    const request = acquired.request!;
    const lock = new Lock("key", request, {
      isValid: () => session.isValid(script.owner.pid.session),
      checkSession: () => session.check(),
      release: () => script.table.release(request),
    });
    assertEquals([lock.held, lock.signal.aborted], [true, false]);
    return { script, lock, request };
  }

  it("ends held locks at that instant, before any timer has run", async () => {
    const { script, lock } = await held();
    script.node.ahead = 5_000 * 0.95;
    assertEquals(lock.held, false);
  });

  it("ends all held and all waiting requests with its reason", async () => {
    const { script, lock } = await held();
    const waiting = script.acquire();
    await script.rounds("a", "b");
    const reason = new SynodError("session_lost", "it is over");
    script.table.sessionLost(script.owner.pid.session, reason);
    await script.node.settle();
    assertEquals([lock.held, lock.signal.aborted, lock.signal.reason], [false, true, reason]);
    assertEquals([waiting.outcome, script.table.held], ["session_lost", 0]);
  });

  it("of another life ends nothing here", async () => {
    const { script, lock } = await held();
    const reason = new SynodError("session_lost", "it is over");
    script.table.sessionLost(`x/${life(8)}/1`, reason);
    assertEquals(lock.held, true);
  });
});

describe("LockTable: a thief (section 9)", () => {
  /** A thief whose first write has reached a, and was refused by the others. */
  async function refused(): Promise<{ script: LockScript; theft: { outcome: string } }> {
    const script = await LockScript.start();
    script.renew("a", "b", "c");
    script.write(3, { holders: [entry(ELSEWHERE, 1, 3)], queue: [] }, 0, "a", "b", "c");
    const theft = script.acquire({ steal: true });
    await script.node.ask("a", "b");
    assertEquals(script.held("a"), "n@3, then ");
    await script.node.send("a");
    assertEquals(script.held("a"), "x@4, then ");
    for (const member of ["b", "c"]) {
      const prepare = { id: 0, type: "prepare", register: LOCK } as const;
      const ballot = { counter: 9, life: life("r") };
      script.node.voter(member).handle({ ...prepare, ballot }, { node: "r", life: life("r") }, 0);
    }
    await script.node.ask("b", "c");
    return { script, theft };
  }

  it("whose steal may have been chosen, and is not visible, may have been stolen from: it does not steal again", async () => {
    const { script, theft } = await refused();
    // Another thief has stolen the lock from it.
    script.write(9, { holders: [entry(ELSEWHERE, 2, 9)], queue: [] }, 4, "b", "c");
    await script.node.time.pass(600);
    await script.node.lose("a");
    await script.rounds("b", "c");
    assertEquals(theft.outcome, "AbortError");
    assertEquals(script.held("b"), "n@9, then ");
  });

  it("whose steal cannot have been chosen steals once more", async () => {
    const { script, theft } = await refused();
    await script.node.time.pass(600);
    await script.node.lose("a");
    await script.rounds("b", "c");
    assertEquals(theft.outcome.startsWith("granted"), true);
    assertEquals(script.held("b"), `x@${theft.outcome.split(" ")[1]}, then `);
  });

  it("takes the lock from an owner, which then makes sure that its entry is gone", async () => {
    const script = await LockScript.start();
    const request = script.acquire();
    await script.node.ask("a", "b");
    await script.node.ask("a", "b");
    assertEquals(request.outcome, "granted 1");
    // A lock is watched once it has been held for a while.
    await script.node.time.pass(150);
    await script.node.ask("a", "b", "c");
    let reason: unknown;
    request.request!.onOver((why) => reason = why);
    script.write(9, { holders: [entry(ELSEWHERE, 2, 9)], queue: [] }, 1, "a", "b", "c");
    script.node.trace.length = 0;
    script.note(9, { holders: [entry(ELSEWHERE, 2, 9)], queue: [] });
    assertEquals([(reason as DOMException).name, request.request!.holds], ["AbortError", false]);
    await script.rounds("a", "b");
    assertEquals([script.count("a", "accept"), script.held("a")], [1, "n@9, then "]);
  });
});
