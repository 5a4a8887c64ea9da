import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type Lock, SynodError } from "../../mod.ts";
import { startCluster } from "../support/cluster.ts";
import { assertCode, reasonOf } from "../support/expect.ts";
import { eventually, nextEvent, turn, within } from "../support/wait.ts";
import { isSettled, untilQueued } from "./support/queue.ts";

const sessionTtl = 300;

/** Keeps this thread busy: no timer, no message and no promise gets its turn. */
function freeze(duration: number): void {
  const end = performance.now() + duration;
  while (performance.now() < end);
}

function assertLost(lock: Lock): void {
  assertEquals([lock.held, lock.signal.aborted], [false, true]);
  assertInstanceOf(lock.signal.reason, SynodError);
  assertStrictEquals(lock.signal.reason.code, "session_lost");
}

describe("an owner that loses its session", () => {
  it("does not see held any more at the very instant after a pause, before any timer ran", async () => {
    await using cluster = await startCluster(3, { sessionTtl });
    const [first] = cluster.nodes;
    await using process = first.spawn();
    const locks = [
      await first.lock("a"),
      await process.lock("b"),
      await first.lock("c", { mode: "shared" }),
    ];
    await turn(150); // also one that is watched for thieves
    assert(locks.every(({ held }) => held));
    freeze(sessionTtl + 50);
    assertEquals(locks.map(({ held }) => held), [false, false, false]);
    locks.forEach(assertLost);
  });

  it("is told by its signal that the session is lost, with nobody asking", async () => {
    await using cluster = await startCluster(3, { sessionTtl });
    const [first] = cluster.nodes;
    const lock = await first.lock("k");
    const aborted = new Promise<void>((resolve) => {
      lock.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    cluster.isolate("n1");
    await within(aborted, "the signal");
    assertLost(lock);
  });

  it("never owns it at the same time as the next one", async () => {
    await using cluster = await startCluster(3, { sessionTtl });
    const [first, second] = cluster.nodes;
    const lock = await first.lock("k");
    cluster.isolate("n1");
    let both = false;
    const next = second.lock("k").then((next) => {
      both = lock.held;
      return next;
    });
    assert((await within(next, "the next owner")).held);
    assertEquals(both, false);
    assertLost(lock);
  });

  it("may release it, and ask again once there is a quorum", async () => {
    await using cluster = await startCluster(3, { sessionTtl });
    const [first] = cluster.nodes;
    const lock = await first.lock("k");
    cluster.isolate("n1");
    await nextEvent(first, "sessionlost");
    await within(lock.release(), "a release of what is lost");
    const again = first.lock("k");
    assertEquals(await isSettled(again), false);
    cluster.heal();
    const { token } = await within(again, "the lock after the cut");
    assert(token > lock.token);
  });

  it("whose process it was ends with it", async () => {
    await using cluster = await startCluster(3, { sessionTtl });
    const [first] = cluster.nodes;
    const process = first.spawn();
    const lock = await process.lock("k");
    cluster.isolate("n1");
    const { reason } = await within(process.exited, "the end of the process");
    assertStrictEquals((reason as SynodError).code, "session_lost");
    assertLost(lock);
    await assertCode(process.lock("k"), "session_lost");
  });
});

describe("a request that waits", () => {
  it("goes on after the session was lost, as soon as there is a quorum again", async () => {
    await using cluster = await startCluster(3, { sessionTtl });
    const [first, second] = cluster.nodes;
    const held = await second.lock("k");
    const waiting = first.lock("k");
    const shared = first.lock("k", { mode: "shared" });
    await untilQueued(second, "k", 2);
    const lost = nextEvent(first, "sessionlost");
    cluster.isolate("n1");
    await lost;
    assertEquals(await Promise.all([isSettled(waiting), isSettled(shared)]), [false, false]);
    cluster.heal();
    // Once the entries of the old session are gone, there are those of the new one.
    await eventually(async () => {
      const { pending } = await second.locks.query();
      return first.hasQuorum && pending.filter(({ clientId }) => clientId === "n1").length === 2;
    }, "both requests in the queue again");
    await held.release();
    const lock = await within(waiting, "the exclusive one");
    await lock.release();
    await within(shared, "the one that shares it");
  });

  it("of a process does not: its process has ended", async () => {
    await using cluster = await startCluster(3, { sessionTtl });
    const [first, second] = cluster.nodes;
    await using _held = await second.lock("k");
    const process = first.spawn();
    const waiting = process.lock("k");
    const failed = reasonOf(waiting);
    await untilQueued(second, "k", 1);
    cluster.isolate("n1");
    assertStrictEquals((await within(failed, "the end") as SynodError).code, "session_lost");
    await untilQueued(second, "k", 0);
  });

  it("does not hold up those behind it when its node has vanished", async () => {
    await using cluster = await startCluster(5, { sessionTtl });
    const [first, second, third, fourth] = cluster.nodes;
    const held = await first.lock("k");
    second.lock("k").catch(() => {});
    await untilQueued(first, "k", 1);
    third.lock("k").catch(() => {});
    await untilQueued(first, "k", 2);
    const last = fourth.lock("k");
    await untilQueued(first, "k", 3);
    cluster.isolate("n2", "n3");
    await held.release();
    assert((await within(last, "the last one")).held);
  });
});

describe("without a quorum", () => {
  it("a request with no timeout waits, and is granted when there is one", async () => {
    await using cluster = await startCluster(3, { sessionTtl, timeout: 50 });
    const [first] = cluster.nodes;
    cluster.isolate("n1", "n2", "n3");
    await eventually(() => !first.hasQuorum, "the end of the session");
    await using process = first.spawn();
    const waiting = [
      first.lock("a"),
      process.lock("b"),
      first.lock("c", { steal: true }),
      first.locks.request("d", (lock) => lock?.name),
    ];
    await turn(500);
    assertEquals(await Promise.all(waiting.map(isSettled)), [false, false, false, false]);
    cluster.heal();
    await within(Promise.all(waiting), "all of them");
  });

  it("a request ends at its timeout, and by its signal", async () => {
    await using cluster = await startCluster(3, { sessionTtl, timeout: 60_000 });
    const [first] = cluster.nodes;
    cluster.isolate("n1", "n2", "n3");
    await eventually(() => !first.hasQuorum, "the end of the session");
    const late = await within(reasonOf(first.lock("k", { timeout: 50 })), "the timeout");
    assertStrictEquals((late as DOMException).name, "TimeoutError");
    const signal = AbortSignal.timeout(50);
    assertStrictEquals(
      await within(reasonOf(first.lock("k", { signal })), "the abort"),
      signal.reason,
    );
    const requested = first.locks.request("k", { signal: AbortSignal.timeout(50) }, () => {});
    assertStrictEquals(
      (await within(reasonOf(requested), "the abort") as DOMException).name,
      "TimeoutError",
    );
  });

  it("one that is taken back leaves nothing behind when the quorum is back", async () => {
    await using cluster = await startCluster(3, { sessionTtl: 5_000 });
    const [first, second] = cluster.nodes;
    cluster.isolate("n1", "n2", "n3");
    // The session lives: so the request is sent, and nobody knows what becomes of it.
    await reasonOf(first.lock("k", { timeout: 100 }));
    cluster.heal();
    assert((await within(second.lock("k"), "the lock")).held);
  });

  it("holders and query say so after the node's timeout", async () => {
    await using cluster = await startCluster(3, { sessionTtl, timeout: 100 });
    const [first] = cluster.nodes;
    cluster.isolate("n1", "n2", "n3");
    await eventually(() => !first.hasQuorum, "the end of the session");
    first.lock("k").catch(() => {}); // one that is under way does not hold them up
    assertEquals(await within(first.holders("k"), "holders"), { ok: false, error: "no_quorum" });
    await within(assertCode(first.locks.query(), "no_quorum"), "query");
  });
});
