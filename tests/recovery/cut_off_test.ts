import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { VirtualTime } from "../support/virtual_time.ts";
import { collectEvents } from "../support/wait.ts";
import { type Lives, startLives } from "./support/lives.ts";

const TTL = 1_000;

/** Cuts or restores the connection between these two. */
function cut(cluster: Lives, one: string, other: string, isCut: boolean): void {
  cluster.line(cluster.node(one)).hears = (from) => !isCut || from !== other;
  cluster.line(cluster.node(other)).hears = (from) => !isCut || from !== one;
}

describe("a member that is cut off from an owner, and another one that has just come back", () => {
  // The restart's position in the rhythm of the owner's renewals.
  for (let offset = 0; offset < TTL / 3; offset += 37) {
    it(`do not fence the owner's session together, ${offset} ms later`, async () => {
      const time = new VirtualTime();
      await using cluster = await startLives(3, { time, sessionTtl: TTL });
      const owner = cluster.node("n3");
      const lost = collectEvents(owner, "sessionlost");
      const lock = await time.until(owner.lock("lock"));
      const waiting = cluster.node("n2").lock("lock");
      await time.pass(TTL);
      // n2 has not heard of the session for long, and checks it repeatedly.
      cut(cluster, "n2", "n3", true);
      await time.pass(2 * TTL + offset);
      cluster.crash("n1");
      const back = await cluster.start("n1");
      await time.until(back.ready);
      await time.pass(TTL / 2);
      cut(cluster, "n2", "n3", false);
      await time.pass(TTL);
      // The owner's majority is complete: n2 has to renew its session.
      cluster.crash("n1");
      await time.pass(5 * TTL);
      assertEquals([lock.held, owner.hasQuorum, lost], [true, true, []]);
      await time.until(lock.release());
      assertEquals((await time.until(waiting)).held, true);
    });
  }

  it("do not report to a put that the owner's node has no session", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time, sessionTtl: TTL });
    await time.pass(TTL);
    cut(cluster, "n2", "n3", true);
    await time.pass(2 * TTL);
    cluster.crash("n1");
    const back = await cluster.start("n1");
    let put: Promise<unknown> | undefined;
    back.addEventListener(
      "quorum",
      () => put ??= cluster.node("n2").kv.put("k", 1, { node: "n3" }),
    );
    await time.until(back.ready);
    // One of the two reachable members knows the session. That is no quorum for it, and no quorum against it.
    assertEquals(await time.until(put!), { ok: false, error: "no_quorum" });
    cut(cluster, "n2", "n3", false);
    await time.pass(TTL);
    const again = cluster.node("n2").kv.put("k", 1, { node: "n3" });
    assertEquals(await time.until(again), { ok: true, value: 1 });
  });
});

describe("the values of a node that closes", () => {
  it("are free at once, also when a member has just come back", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time, sessionTtl: 10_000 });
    const [, second, third] = cluster.nodes;
    await time.until(third.kv.put("k", 1, { node: "n3" }));
    cluster.crash("n1");
    await time.until((await cluster.start("n1")).ready);
    await time.until(third.close());
    const before = time.runtime.now();
    const gone = await time.until(second.kv.get("k", { default: "gone" }));
    assertEquals(gone, { ok: true, value: "gone" });
    assertEquals((await time.until(cluster.node("n1").lock("lock"))).held, true);
    const took = time.runtime.now() - before;
    assertEquals(took < 500, true, `${took} ms`);
  });

  it("are free at once, also when a member comes back after that", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time, sessionTtl: 10_000 });
    const [first, second, third] = cluster.nodes;
    await time.until(third.kv.put("k", 1, { node: "n3" }));
    await time.until(third.close());
    const again = await cluster.start("n3");
    await time.until(again.ready);
    cluster.crash("n1");
    assertEquals(first.life < again.life, true);
    const before = time.runtime.now();
    const gone = await time.until(second.kv.get("k", { default: "gone" }));
    assertEquals(gone, { ok: true, value: "gone" });
    const took = time.runtime.now() - before;
    assertEquals(took < 500, true, `${took} ms`);
  });
});
