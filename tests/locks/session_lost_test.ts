import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertStrictEquals,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decodeFrame } from "../../lib/codec.ts";
import type { Runtime } from "../../lib/node/runtime/runtime.ts";
import { type Lock, SynodError } from "../../mod.ts";
import { itOfMembers } from "../support/node_kind.ts";
import { startCluster } from "../support/real_cluster.ts";
import { assertCode, reasonOf } from "../support/expect.ts";
import type { VirtualTime } from "../support/virtual_time.ts";
import { Locks } from "../../lib/locks/locks.ts";
import { ELSEWHERE, entry, LockScript } from "./support/lock_script.ts";
import { TimedCluster } from "./support/timed_cluster.ts";

const sessionTtl = 1_000;

/** In milliseconds: a clock that advances from timer to timer is read a few milliseconds late. */
const TOLERANCE = 50;

/** Blocks this thread: no timer, message or promise gets its turn. */
function freeze(duration: number): void {
  const end = performance.now() + duration;
  while (performance.now() < end);
}

/** Whether a frame contains an `accept`. */
function hasAccept(frame: Uint8Array): boolean {
  const decoded = decodeFrame(frame);
  return decoded.ok && decoded.frame.requests.some(({ type }) => type === "accept");
}

function assertLost(lock: Lock): void {
  assertEquals([lock.held, lock.signal.aborted], [false, true]);
  assertInstanceOf(lock.signal.reason, SynodError);
  assertStrictEquals(lock.signal.reason.code, "session_lost");
}

describe("a request whose session is lost in the turn in which its node closes or fails", () => {
  it("rejects as the node closes, and not with session_lost", async () => {
    const script = await LockScript.start();
    const { node: { core }, processes, table } = script;
    script.write(3, { holders: [entry(ELSEWHERE, 1, 3)], queue: [] }, 0, "a", "b", "c");
    script.renew("a", "b", "c");
    const waiting = new Locks(core, processes, table).lock("key", {});
    await script.rounds("a", "b", "c");
    table.sessionLost(core.session.current, new SynodError("session_lost", "It is lost"));
    core.close(new SynodError("replaced", "Another process has taken its place"));
    await assertCode(waiting, "replaced");
  });

  it("rejects with what makes every operation fail, if the node stays open", async () => {
    const script = await LockScript.start();
    const { node: { core }, processes, table } = script;
    script.write(3, { holders: [entry(ELSEWHERE, 1, 3)], queue: [] }, 0, "a", "b", "c");
    script.renew("a", "b", "c");
    const waiting = new Locks(core, processes, table).lock("key", {});
    await script.rounds("a", "b", "c");
    table.sessionLost(core.session.current, new SynodError("session_lost", "It is lost"));
    core.engine.fail(new SynodError("members_mismatch", "The lists differ"));
    await assertCode(waiting, "members_mismatch");
    // That of the script.
    assertEquals(processes.size, 1);
  });
});

describe("an owner that loses its session", () => {
  it("sees held as false right after a pause, before any timer ran", async () => {
    await using cluster = await startCluster(3, { sessionTtl });
    const [first] = cluster.nodes;
    await using process = first.spawn();
    const locks = [
      await first.lock("a"),
      await process.lock("b"),
      await first.lock("c", { mode: "shared" }),
    ];
    await cluster.clock.pass(150); // long enough to be watched for theft
    assert(locks.every(({ held }) => held));
    cluster.clock.countsStalls = true;
    freeze(sessionTtl + 50);
    assertEquals(locks.map(({ held }) => held), [false, false, false]);
    locks.forEach(assertLost);
  });

  it("gets session_lost also if the loss shows during the call of its callback", async () => {
    await using cluster = await startCluster(1, { sessionTtl: 200 });
    const [node] = cluster.nodes;
    const request = node.locks.request("k", (lock) => {
      cluster.clock.countsStalls = true;
      freeze(300);
      assertEquals(lock!.signal.aborted, true);
      return new Promise(() => {});
    });
    await assertCode(request, "session_lost");
  });

  it("gets the loss of the session from its signal, without reading held", async () => {
    await using cluster = await TimedCluster.start(3, { sessionTtl });
    const [first] = cluster.nodes;
    const lock = await cluster.until(first.lock("k"));
    const aborted = new Promise<void>((resolve) => {
      lock.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    cluster.isolate("n1");
    await cluster.until(aborted);
    assertLost(lock);
  });

  it("never owns the lock at the same time as the next owner", async () => {
    await using cluster = await TimedCluster.start(3, { sessionTtl });
    const [first, second] = cluster.nodes;
    const lock = await cluster.until(first.lock("k"));
    cluster.isolate("n1");
    let both = false;
    const next = second.lock("k").then((next) => {
      both = lock.held;
      return next;
    });
    assert((await cluster.until(next)).held);
    assertEquals(both, false);
    assertLost(lock);
  });

  it("may release the lock, and request it again once there is a quorum", async () => {
    await using cluster = await TimedCluster.start(3, { sessionTtl });
    const [first] = cluster.nodes;
    const lock = await cluster.until(first.lock("k"));
    cluster.isolate("n1");
    await cluster.eventually(() => !first.hasQuorum, "the end of the session");
    await cluster.until(lock.release());
    const again = first.lock("k");
    assertEquals(await cluster.isSettled(again), false);
    cluster.heal();
    assertGreater((await cluster.until(again)).token, lock.token);
  });

  it("loses its process with the session", async () => {
    await using cluster = await TimedCluster.start(3, { sessionTtl });
    const [first] = cluster.nodes;
    const process = first.spawn();
    const lock = await cluster.until(process.lock("k"));
    cluster.isolate("n1");
    const { reason } = await cluster.until(process.exited);
    assertStrictEquals((reason as SynodError).code, "session_lost");
    assertLost(lock);
    await assertCode(process.lock("k"), "session_lost");
  });
});

describe("a request that waits", () => {
  it("goes on after the session was lost, as soon as there is a quorum again", async () => {
    await using cluster = await TimedCluster.start(3, { sessionTtl });
    const [first, second] = cluster.nodes;
    const held = await cluster.until(second.lock("k"));
    const waiting = first.lock("k");
    const shared = first.lock("k", { mode: "shared" });
    await cluster.untilQueued(second, "k", 2);
    cluster.isolate("n1");
    await cluster.eventually(() => !first.hasQuorum, "the end of the session");
    assertEquals(await cluster.isSettled(Promise.race([waiting, shared])), false);
    cluster.heal();
    // Once the entries of the old session are gone, those of the new session remain.
    await cluster.eventually(() => first.hasQuorum, "a new session");
    await cluster.untilQueued(second, "k", 2);
    await cluster.until(held.release());
    const lock = await cluster.until(waiting);
    await cluster.until(lock.release());
    await cluster.until(shared);
  });

  const proposes = "it holds back the answers to its own accept";
  itOfMembers(
    "goes on too if it was not known to be in the queue before the session was lost",
    proposes,
    async () => {
      await using cluster = await TimedCluster.start(3, { sessionTtl });
      const [first, second, third] = cluster.nodes;
      const held = await cluster.until(second.lock("k"));
      cluster.onSend = (from, frame) => {
        if (from === "n1" && hasAccept(frame)) cluster.deafen("n1"); // its answers arrive later
      };
      const waiting = first.lock("k");
      await cluster.eventually(() => !first.hasQuorum, "the end of the session");
      cluster.onSend = () => {};
      cluster.undeafen("n1");
      await cluster.eventually(() => first.hasQuorum, "a new session");
      // Other nodes remove the entry of the old session.
      assertEquals(await cluster.until(third.lock("k", { ifAvailable: true })), null);
      assertEquals(await cluster.isSettled(waiting), false);
      await cluster.until(held.release());
      assert((await cluster.until(waiting)).held);
    },
  );

  // The gateway of a guest drops it if that is silent for longer, and tells it nothing.
  for (const [when, paused] of [["soon", 1.2 * sessionTtl], ["late", 2 * sessionTtl]] as const) {
    it(`is not taken for stolen if a message shows its end before a timer does, ${when}`, async () => {
      let late = 0;
      const runtimes = (id: string, { runtime }: VirtualTime): Runtime => ({
        ...runtime,
        setTimer: (callback, delay) => runtime.setTimer(callback, delay + (id === "n1" ? late : 0)),
      });
      await using cluster = await TimedCluster.start(3, { sessionTtl }, runtimes);
      const [first, second, third] = cluster.nodes;
      const held = await cluster.until(second.lock("k"));
      const waiting = first.lock("k");
      await cluster.untilQueued(second, "k", 1);
      const mine = await cluster.until(first.lock("mine"));
      await cluster.time.pass(sessionTtl / 2); // long enough to be watched for theft
      // As in a process that resumes after a pause: messages arrive before timers fire.
      late = 60_000;
      await cluster.time.pass(paused);
      assertEquals(await cluster.until(third.lock("k", { ifAvailable: true })), null);
      await cluster.until(third.lock("mine"));
      late = 0;
      assertEquals(await cluster.isSettled(waiting), false);
      assertLost(mine);
      await cluster.until(held.release());
      assert((await cluster.until(waiting)).held);
    });
  }

  it("of a process does not go on: its process has ended", async () => {
    await using cluster = await TimedCluster.start(3, { sessionTtl });
    const [first, second] = cluster.nodes;
    await cluster.until(second.lock("k"));
    const process = first.spawn();
    const failed = reasonOf(process.lock("k"));
    await cluster.untilQueued(second, "k", 1);
    cluster.isolate("n1");
    assertStrictEquals((await cluster.until(failed) as SynodError).code, "session_lost");
    await cluster.untilQueued(second, "k", 0);
  });

  it("does not block later requests when its node has vanished", async () => {
    await using cluster = await TimedCluster.start(5, { sessionTtl });
    const [first, second, third, fourth] = cluster.nodes;
    const held = await cluster.until(first.lock("k"));
    second.lock("k").catch(() => {});
    await cluster.untilQueued(first, "k", 1);
    third.lock("k").catch(() => {});
    await cluster.untilQueued(first, "k", 2);
    const last = fourth.lock("k");
    await cluster.untilQueued(first, "k", 3);
    cluster.isolate("n2", "n3");
    await cluster.until(held.release());
    assert((await cluster.until(last)).held);
  });
});

describe("without a quorum", () => {
  it("a request with no timeout waits, and is granted when there is one", async () => {
    await using cluster = await TimedCluster.start(3, { sessionTtl, timeout: 50 });
    const [first] = cluster.nodes;
    cluster.isolate("n1", "n2", "n3");
    await cluster.eventually(() => !first.hasQuorum, "the end of the session");
    const process = first.spawn();
    const waiting = [
      first.lock("a"),
      process.lock("b"),
      first.lock("c", { steal: true }),
      first.locks.request("d", (lock) => lock?.name),
    ];
    await cluster.time.pass(3_600_000);
    assertEquals(await cluster.isSettled(Promise.race(waiting)), false);
    cluster.heal();
    await cluster.until(Promise.all(waiting));
  });

  it("a request ends at its timeout, and by its signal", async () => {
    await using cluster = await TimedCluster.start(3, { sessionTtl, timeout: 60_000 });
    const [first] = cluster.nodes;
    cluster.isolate("n1", "n2", "n3");
    await cluster.eventually(() => !first.hasQuorum, "the end of the session");
    const { value, took } = await cluster.measure(reasonOf(first.lock("k", { timeout: 300 })));
    assertStrictEquals((value as DOMException).name, "TimeoutError");
    assertAlmostEquals(took, 300, TOLERANCE);
    const aborter = new AbortController();
    const aborted = [
      reasonOf(first.lock("k", { signal: aborter.signal })),
      reasonOf(first.locks.request("k", { signal: aborter.signal }, () => {})),
    ];
    await cluster.time.pass(300);
    aborter.abort("enough");
    assertEquals(await cluster.until(Promise.all(aborted)), ["enough", "enough"]);
  });

  it("a request that is withdrawn leaves nothing behind when the quorum is back", async () => {
    await using cluster = await TimedCluster.start(3, { sessionTtl: 5_000 });
    const [first, second] = cluster.nodes;
    cluster.isolate("n1", "n2", "n3");
    // The session is alive, so the request is sent and its outcome is unknown.
    await cluster.until(reasonOf(first.lock("k", { timeout: 100 })));
    cluster.heal();
    assert((await cluster.until(second.lock("k"))).held);
  });

  it("ifAvailable rejects with no_quorum after the node's timeout", async () => {
    await using cluster = await TimedCluster.start(3, { sessionTtl, timeout: 300 });
    const [first] = cluster.nodes;
    cluster.isolate("n1", "n2", "n3");
    await cluster.eventually(() => !first.hasQuorum, "the end of the session");
    for (
      const ask of [
        () => first.lock("k", { ifAvailable: true }),
        () => first.locks.request("k", { ifAvailable: true }, () => {}),
      ]
    ) {
      const { took } = await cluster.measure(assertCode(ask(), "no_quorum"));
      assertAlmostEquals(took, 300, TOLERANCE);
    }
  });

  it("holders and query report no_quorum after the node's timeout", async () => {
    await using cluster = await TimedCluster.start(3, { sessionTtl, timeout: 300 });
    const [first] = cluster.nodes;
    cluster.isolate("n1", "n2", "n3");
    await cluster.eventually(() => !first.hasQuorum, "the end of the session");
    first.lock("k").catch(() => {}); // a request under way does not delay them
    const holders = await cluster.measure(first.holders("k"));
    assertEquals([holders.value, Math.round(holders.took)], [
      { ok: false, error: "no_quorum" },
      300,
    ]);
    const query = await cluster.measure(assertCode(first.locks.query(), "no_quorum"));
    assertAlmostEquals(query.took, 300, TOLERANCE);
  });
});

describe("a caller that waits for a lock", () => {
  for (const options of [{}, { timeout: 20_000 }, { timeout: Infinity }]) {
    it(`waits on when the session is lost: ${JSON.stringify(options)}`, async () => {
      await using cluster = await TimedCluster.start(3, { sessionTtl: 500, timeout: 300 });
      const [first, second] = cluster.nodes;
      const held = await cluster.until(second.lock("k"));
      let outcome = "waits";
      const waiting = first.lock("k", options).then(
        ({ held }) => outcome = `held ${held}`,
        (error) => outcome = `${error}`,
      );
      await cluster.time.pass(100);
      cluster.isolate("n1");
      await cluster.time.pass(3_000);
      assertEquals(outcome, "waits");
      cluster.heal();
      await cluster.time.pass(1_000);
      await cluster.until(held.release());
      await cluster.until(waiting);
      assertEquals(outcome, "held true");
    });
  }

  it("gets a TimeoutError for any cause of the delay", async () => {
    await using cluster = await TimedCluster.start(3, { sessionTtl: 500, timeout: 300 });
    const [first] = cluster.nodes;
    cluster.isolate("n1");
    const started = cluster.now;
    const reason = await cluster.until(reasonOf(first.lock("k", { timeout: 2_000 })));
    assertEquals((reason as Error).name, "TimeoutError");
    assertAlmostEquals(cluster.now - started, 2_000, 20);
  });
});
