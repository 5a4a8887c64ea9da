// Runs in Deno alone: virtual time.
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { connectWith } from "../../guest/connect.ts";
import { guardedRuntime } from "../../lib/node/runtime/guarded_runtime.ts";
import { Pace } from "../../lib/gateway/pace.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { VirtualTime } from "../support/virtual_time.ts";

describe("Pace (section 13)", () => {
  it("handles frames at once as long as their messages are no more than a quarter of a second may bring", () => {
    const { runtime } = new VirtualTime();
    const pace = new Pace(runtime, 800);
    const handled: number[] = [];
    for (let frame = 0; frame < 5; frame++) {
      assert(pace.run(() => {
        handled.push(frame);
        return 50;
      }));
    }
    assertEquals(handled, [0, 1, 2, 3]);
  });

  it("handles the others in order, as time passes", async () => {
    const time = new VirtualTime();
    const pace = new Pace(time.runtime, 100);
    const handled: number[] = [];
    for (let frame = 0; frame < 6; frame++) {
      pace.run(() => {
        handled.push(frame);
        return 200;
      });
    }
    assertEquals(handled, [0]);
    await time.pass(1_900);
    assertEquals(handled, [0, 1]);
    await time.pass(4_000);
    assertEquals(handled, [0, 1, 2, 3]);
    pace.close();
    await time.pass(10_000);
    assertEquals(handled, [0, 1, 2, 3]);
  });

  it("gives others their turns after frames that took long", async () => {
    const time = new VirtualTime();
    let worked = 0;
    const now = () => time.runtime.now() + worked;
    const pace = new Pace({ ...time.runtime, now }, 1_000_000);
    const handled: number[] = [];
    for (let frame = 0; frame < 8; frame++) {
      pace.run(() => {
        handled.push(frame);
        worked += 2;
        return 1;
      });
    }
    const atOnce = handled.length;
    assert(atOnce >= 2 && atOnce <= 6, `${atOnce}`);
    await time.pass(4);
    assert(handled.length < 8, `${handled.length}`);
    await time.pass(40);
    assertEquals(handled, [0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("goes on soon after a frame during which the process was suspended", async () => {
    const time = new VirtualTime();
    let suspended = 0;
    const now = () => time.runtime.now() + suspended;
    const pace = new Pace({ ...time.runtime, now }, 1_000_000);
    let handled = 0;
    for (let frame = 0; frame < 2; frame++) {
      pace.run(() => {
        if (++handled === 1) suspended = 3_600_000;
        return 1;
      });
    }
    await time.pass(100);
    assertEquals(handled, 2);
  });

  it("takes no more than 1,000 frames that wait", () => {
    const { runtime } = new VirtualTime();
    const pace = new Pace(runtime, 1);
    const taken = Array.from({ length: 1_003 }, () => pace.run(() => 10));
    assertEquals(taken.filter((isTaken) => isTaken).length, 1_001);
  });

  it("goes on after a frame whose handling has failed", async () => {
    const time = new VirtualTime();
    const failed: string[] = [];
    const runtime = guardedRuntime(time.runtime, (error) => void failed.push(`${error}`));
    const pace = new Pace(runtime, 100);
    const handled: number[] = [];
    for (let frame = 0; frame < 4; frame++) {
      pace.run(() => {
        if (frame === 1) throw new Error("a test");
        handled.push(frame);
        return 100;
      });
    }
    await time.pass(10_000);
    assertEquals(failed, ["Error: a test"]);
    assertEquals(handled, [0, 2, 3]);
  });
});

describe("a guest that may do little (section 13)", () => {
  it("keeps a short session while it waits for a lock", async () => {
    const guests = { limits: { operationsPerSecond: 1 } };
    await using cluster = await VirtualCluster.start(3, {
      clients: true,
      guests,
      sessionTtl: 1_000,
    });
    const { time } = cluster;
    const transport = time.network.guests(cluster.members);
    const guest = connectWith({ id: "x", transport, sessionTtl: 1_000 }, time.runtime);
    await time.until(guest.ready);
    const held = await time.until(cluster.node("n1").lock("a"));
    let lost = 0;
    guest.addEventListener("sessionlost", () => lost++);
    const lock = guest.lock("a", { timeout: 100_000 });
    await cluster.pass(60_000);
    assertEquals(lost, 0);
    await time.until(held.release());
    assertEquals((await time.until(lock)).held, true);
    await time.until(guest.close());
  });
});
