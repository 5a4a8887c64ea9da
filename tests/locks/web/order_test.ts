/** The order in which the callbacks of one manager start, also across names. */
import { assertEquals, assertGreaterOrEqual, assertLess, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { registerId } from "../../../lib/codec.ts";
import type { ClusterNode, LockManager, SynodError } from "../../../mod.ts";
import { describeOfMembers } from "../../support/node_kind.ts";
import { silenced } from "../../support/silenced_transport.ts";
import { VirtualCluster } from "../../support/virtual_cluster.ts";
import type { VirtualTime } from "../../support/virtual_time.ts";

const SHARED = { mode: "shared" } as const;

/** Repetitions, enough for each order in which answers can arrive. */
const ROUNDS = 40;

/** Promises that the test settles. */
function gate(): { open: () => void; opened: Promise<void> } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => open = resolve);
  return { open, opened };
}

describe("the callbacks of one manager", () => {
  it("start in the order of the calls: `b` after the shared ones on `a`, before the exclusive one", async () => {
    await using cluster = await VirtualCluster.start(3);
    const { time, nodes: [{ locks }] } = cluster;
    for (let round = 0; round < ROUNDS; round++) {
      const [a, b] = [`a${round}`, `b${round}`];
      const granted: string[] = [];
      const { open, opened } = gate();
      const shared = [1, 2, 3].map((number) =>
        locks.request(a, SHARED, () => {
          granted.push(`a shared ${number}`);
          return opened;
        })
      );
      const exclusive = locks.request(a, () => void granted.push("a exclusive"));
      await time.until(locks.request(b, () => void granted.push("b exclusive")));
      const early = [...granted];
      open();
      await time.until(Promise.all([...shared, exclusive]));
      const sharedFirst = ["a shared 1", "a shared 2", "a shared 3", "b exclusive"];
      assertEquals(early, sharedFirst, `round ${round}`);
      assertEquals(granted, [...sharedFirst, "a exclusive"], `round ${round}`);
    }
  });

  it("start in the order of the calls, for any order of the grants of a hundred names", async () => {
    await using cluster = await VirtualCluster.start(3);
    const { time, nodes: [{ locks }] } = cluster;
    const names = Array.from({ length: 100 }, (_, index) => `name ${index}`);
    const started: string[] = [];
    const requests: Promise<void>[] = [];
    for (const name of names) {
      requests.push(locks.request(name, () => void started.push(name)));
      // Prevents that all requests are sent in one frame.
      await time.pass(0.1);
    }
    await time.until(Promise.all(requests));
    assertEquals(started, names);
  });

  it("do not wait for an earlier request that is queued, nor for one that is refused", async () => {
    await using cluster = await VirtualCluster.start(3, { timeout: 60_000 });
    const { time, nodes: [first, second] } = cluster;
    const held = await time.until(second.lock("k"));
    const queued = first.locks.request("k", () => "in the end");
    const refused = first.locks.request("k", { ifAvailable: true }, (lock) => lock);
    const before = time.runtime.now();
    await time.until(first.locks.request("free", () => {}));
    const took = time.runtime.now() - before;
    const outcomes: unknown[] = [await time.until(refused)];
    await time.until(held.release());
    outcomes.push(await time.until(queued));
    assertEquals(outcomes, [null, "in the end"]);
    assertLess(took, 50);
  });

  it("of `ifAvailable` keep the order too, with a lock or with null", async () => {
    await using cluster = await VirtualCluster.start(3);
    const { time, nodes: [{ locks }, second] } = cluster;
    for (let round = 0; round < ROUNDS; round++) {
      const names = ["a", "b", "c", "d"].map((name) => `${name}${round}`);
      const held = await time.until(second.lock(names[1]));
      const started: [string, boolean][] = [];
      const options = { ifAvailable: true };
      await time.until(
        Promise.all(
          names.map((name) =>
            locks.request(name, options, (lock) => void started.push([name, lock !== null]))
          ),
        ),
      );
      await time.until(held.release());
      assertEquals(started, names.map((name, index) => [name, index !== 1]), `round ${round}`);
    }
  });

  it("of `steal` keep the order too", async () => {
    await using cluster = await VirtualCluster.start(3);
    const { time, nodes: [{ locks }] } = cluster;
    for (let round = 0; round < ROUNDS; round++) {
      const started: number[] = [];
      const steal = { steal: true };
      await time.until(Promise.all([
        locks.request(`a${round}`, steal, () => void started.push(1)),
        locks.request(`b${round}`, () => void started.push(2)),
        locks.request(`c${round}`, steal, () => void started.push(3)),
      ]));
      assertEquals(started, [1, 2, 3], `round ${round}`);
    }
  });
});

const PROPOSES = "it silences the consensus messages of one node";

describeOfMembers("a granted request that waits for an earlier one", PROPOSES, () => {
  /** The parts of a test: `locks` is of the first node, where a request for "stuck" is on its way. */
  interface Stuck {
    readonly time: VirtualTime;
    readonly cluster: VirtualCluster;
    readonly nodes: readonly ClusterNode[];
    readonly locks: LockManager;
    /** Aborts the request for "stuck". */
    abort(): void;
  }

  async function withStuck(
    timeout: number,
    test: (stuck: Stuck) => Promise<void>,
    sessionTtl = 600_000,
  ): Promise<void> {
    let isSilent = true;
    const register = registerId("l", undefined, "stuck");
    await using cluster = await VirtualCluster.start(
      3,
      { sessionTtl, timeout },
      (inner) => silenced(inner, register, () => isSilent),
    );
    const { time, nodes } = cluster;
    const [{ locks }] = nodes;
    const aborter = new AbortController();
    const stuck = settled(locks.request("stuck", { signal: aborter.signal }, () => {}));
    const abort = () => aborter.abort("given up");
    try {
      await test({ time, cluster, nodes, locks, abort });
    } finally {
      isSilent = false;
      abort();
      await time.until(stuck);
    }
  }

  it("goes on when the earlier one is aborted, in the order of the calls", async () => {
    await withStuck(60_000, async ({ time, locks, abort }) => {
      const started: string[] = [];
      const requests = ["b", "c"].map((name) => locks.request(name, () => void started.push(name)));
      await time.pass(1_000);
      const early = [...started];
      const aborted = time.runtime.now();
      abort();
      await time.until(Promise.all(requests));
      assertEquals([early, started], [[], ["b", "c"]]);
      assertLess(time.runtime.now() - aborted, 1_000);
    });
  });

  it("goes on after the node's timeout, and holds its lock until then", async () => {
    await withStuck(2_000, async ({ time, nodes: [, second], locks }) => {
      const before = time.runtime.now();
      const request = locks.request("b", () => {});
      await time.pass(100);
      const meanwhile = await time.until(second.lock("b", { ifAvailable: true }));
      await time.until(request);
      const took = time.runtime.now() - before;
      assertStrictEquals(meanwhile, null);
      assertGreaterOrEqual(took, 2_000);
      assertLess(took, 2_050);
    });
  });

  it("releases its lock when it is aborted, and is not called back", async () => {
    await withStuck(60_000, async ({ time, nodes: [, second], locks }) => {
      const { signal, abort } = aborting();
      let called = false;
      const request = settled(locks.request("b", { signal }, () => void (called = true)));
      await time.pass(100);
      abort("changed my mind");
      assertStrictEquals(await time.until(request), "changed my mind");
      const lock = await time.until(second.lock("b", { timeout: 1_000 }));
      assertEquals([lock.held, called], [true, false]);
    });
  });

  it("is not called back when its lock is stolen meanwhile", async () => {
    await withStuck(60_000, async ({ time, nodes: [, second], locks }) => {
      let called = false;
      const request = settled(locks.request("b", () => void (called = true)));
      await time.pass(500);
      await time.until(second.locks.request("b", { steal: true }, () => {}));
      const stolen = time.runtime.now();
      assertStrictEquals((await time.until(request) as DOMException).name, "AbortError");
      assertEquals(called, false);
      assertLess(time.runtime.now() - stolen, 1_000);
    });
  });

  it("is sent again if the session is lost meanwhile, and called back once", async () => {
    await withStuck(60_000, async ({ time, cluster, nodes: [first, second], locks, abort }) => {
      const held: boolean[] = [];
      const request = settled(
        locks.request("b", (lock) => {
          held.push(lock!.held);
          return "done";
        }),
      );
      await time.pass(100);
      cluster.isolate("n1");
      await time.pass(2_000);
      assertEquals(first.hasQuorum, false);
      const next = await time.until(second.lock("b"));
      cluster.heal();
      await time.pass(1_000);
      abort();
      await time.until(next.release());
      assertStrictEquals(await time.until(request), "done");
      assertEquals(held, [true]);
    }, 1_000);
  });

  it("ends with its node, and its lock is free", async () => {
    await withStuck(60_000, async ({ time, nodes: [first, second], locks }) => {
      let called = false;
      const request = settled(locks.request("b", () => void (called = true)));
      await time.pass(100);
      await time.until(first.close());
      assertStrictEquals((await request as SynodError).code, "closed");
      assertStrictEquals(called, false);
      await time.until(second.lock("b", { timeout: 1_000 }));
    });
  });
});

/** The reason or the result of a request. */
function settled(request: Promise<unknown>): Promise<unknown> {
  return request.catch((reason) => reason);
}

function aborting(): { signal: AbortSignal; abort: (reason: unknown) => void } {
  const aborter = new AbortController();
  return { signal: aborter.signal, abort: (reason) => aborter.abort(reason) };
}
