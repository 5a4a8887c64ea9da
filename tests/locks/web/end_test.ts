/** The locks and requests of a node that ends, as those of a page that is closed. */
import { assert, assertEquals, assertGreater, assertLess, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { assertCode, reasonOf } from "../../support/expect.ts";
import { VirtualCluster } from "../../support/virtual_cluster.ts";

const sessionTtl = 1_000;

/** A callback that never settles. */
const never = () => new Promise<void>(() => {});

describe("the locks of a node that closes", () => {
  it("are free at once, and their requests reject with `closed`", async () => {
    await using cluster = await VirtualCluster.start(3, { sessionTtl: 600_000 });
    const { time, nodes: [first, second] } = cluster;
    const held = [
      reasonOf(first.locks.request("k", never)),
      reasonOf(first.locks.request("s", { mode: "shared" }, never)),
    ];
    await time.until(first.locks.query());
    const next = second.locks.request("k", (lock) => lock?.mode);
    const started = time.runtime.now();
    void first.close();
    assertStrictEquals(await time.until(next), "exclusive");
    assertLess(time.runtime.now() - started, 100);
    assertStrictEquals(await time.until(second.locks.request("s", () => "free")), "free");
    for (const request of held) {
      await assertCode(
        request.then((error) => {
          throw error;
        }),
        "closed",
      );
    }
  });

  it("abort their signal, so that a callback can stop", async () => {
    await using cluster = await VirtualCluster.start(3);
    const { time, nodes: [first] } = cluster;
    let reason: unknown;
    const held = reasonOf(first.locks.request("k", (lock) =>
      new Promise<void>((resolve) => {
        lock!.signal.addEventListener("abort", () => {
          reason = lock!.signal.reason;
          assertEquals(lock!.held, false);
          resolve();
        });
      })));
    await time.until(first.locks.query());
    await time.until(first.close());
    assertStrictEquals(await held, reason);
    assertStrictEquals((reason as { code: string }).code, "closed");
  });

  it("reject its waiting requests, which are not called back", async () => {
    await using cluster = await VirtualCluster.start(3, { sessionTtl: 600_000 });
    const { time, nodes: [first, second] } = cluster;
    const lock = await time.until(second.lock("k"));
    let called = false;
    const waiting = ["exclusive", "shared"].map((mode) =>
      reasonOf(
        first.locks.request("k", { mode: mode as "shared" }, () => void (called = true)),
      )
    );
    await time.until(first.locks.query());
    await time.until(first.close());
    for (const reason of await Promise.all(waiting)) {
      assertStrictEquals((reason as { code: string }).code, "closed");
    }
    assertEquals((await time.until(second.locks.query())).pending, []);
    await time.until(lock.release());
    await time.until(second.locks.request("k", { ifAvailable: true }, (lock) => assert(lock)));
    assertEquals(called, false);
  });

  it("cannot be requested or queried afterwards", async () => {
    await using cluster = await VirtualCluster.start(1);
    const { time, nodes: [{ locks }] } = cluster;
    await time.until(cluster.nodes[0].close());
    await assertCode(locks.request("k", never), "closed");
    await assertCode(locks.query(), "closed");
  });
});

describe("the locks of a node that vanishes", () => {
  it("are free once its session is over, and go to waiting requests", async () => {
    await using cluster = await VirtualCluster.start(3, { sessionTtl });
    const { time, nodes: [first, second] } = cluster;
    first.locks.request("k", never).catch(() => {});
    await time.until(first.locks.query());
    const waiting = second.locks.request("k", () => "granted");
    await time.until(second.locks.query());
    const started = time.runtime.now();
    cluster.crash("n1");
    assertStrictEquals(await time.until(waiting), "granted");
    const took = time.runtime.now() - started;
    assertGreater(took, sessionTtl / 2);
    assertLess(took, 2 * sessionTtl);
  });

  it("lose its waiting requests", async () => {
    await using cluster = await VirtualCluster.start(3, { sessionTtl });
    const { time, nodes: [first, second] } = cluster;
    const lock = await time.until(second.lock("k"));
    first.locks.request("k", never).catch(() => {});
    await time.until(first.locks.query());
    cluster.crash("n1");
    await cluster.pass(2 * sessionTtl);
    await time.until(lock.release());
    assertStrictEquals(await time.until(second.locks.request("k", () => "granted")), "granted");
  });
});

describe("the locks of a node that loses its session", () => {
  it("are lost: their requests reject with `session_lost`, even while the callback runs", async () => {
    await using cluster = await VirtualCluster.start(3, { sessionTtl });
    const { time, nodes: [first, second] } = cluster;
    const held = reasonOf(first.locks.request("k", never));
    await time.until(first.locks.query());
    cluster.isolate("n1");
    assertStrictEquals((await time.until(held) as { code: string }).code, "session_lost");
    assertStrictEquals(await time.until(second.locks.request("k", () => "granted")), "granted");
  });

  it("that wait are requested again with the next session", async () => {
    await using cluster = await VirtualCluster.start(3, { sessionTtl });
    const { time, nodes: [first, second] } = cluster;
    const lock = await time.until(second.lock("k"));
    const waiting = first.locks.request("k", () => "granted");
    await time.until(first.locks.query());
    cluster.isolate("n1");
    await cluster.pass(2 * sessionTtl);
    assertEquals(first.hasQuorum, false);
    cluster.heal();
    await cluster.pass(sessionTtl);
    await time.until(lock.release());
    assertStrictEquals(await time.until(waiting), "granted");
  });
});
