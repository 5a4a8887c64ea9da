import { assert, assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { valueOf } from "../support/expect.ts";
import { VirtualTime } from "../support/virtual_time.ts";
import { answers } from "./support/frames.ts";
import { startLives } from "./support/lives.ts";

const NO_QUORUM = { ok: false, error: "no_quorum" } as const;

describe("a member that is coming back", () => {
  it("reads and puts already, and can own values once it votes", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time });
    const [, second] = cluster.nodes;
    await time.until(second.kv.put("before", 1));
    cluster.crash("n1");
    const node = await cluster.start("n1");
    const line = cluster.line(node);
    // The copy does not arrive, everything else does.
    line.hears = (_, frame) => !answers(frame, "piece");
    await time.pass(10_000);
    const { members, session } = await time.until(node.status());
    assertEquals([members[0].state, session], ["recovering", null]);

    assertEquals(await time.until(node.kv.get("before")), { ok: true, value: 1 });
    const put = valueOf(await time.until(node.kv.claim("put", "n1")));
    assertEquals(put.mine, true);
    assertEquals(await time.until(second.kv.get("put")), { ok: true, value: "n1" });
    assertEquals(await time.until(node.kv.keys()), ["put", "before"]);
    const watched = node.kv.watch("watched")[Symbol.asyncIterator]();
    assertEquals((await time.until(watched.next())).value, { present: false });
    await time.until(second.kv.put("watched", 2));
    assertEquals((await time.until(watched.next())).value.value, 2);
    assertEquals(await time.until(node.kv.put("bound", 1, { node: "n1" })), NO_QUORUM);
    assertEquals(node.hasQuorum, false);

    const bound = node.kv.put("bound", 1, { node: "n1", noQuorum: "retry" });
    const lock = node.lock("lock");
    line.hears = () => true;
    assertEquals(await time.until(bound), { ok: true, value: 1 });
    assert((await time.until(lock)).held);
    await node.ready;
  });

  it("gives no vote: a majority that needs it waits", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time, afterMajorityLoss: "wait" });
    const [, second] = cluster.nodes;
    cluster.crash("n1");
    const node = await cluster.start("n1");
    cluster.line(node).hears = (_, frame) => !answers(frame, "piece");
    await time.pass(5_000);
    cluster.network.partition(["n3"]);
    assertEquals(await time.until(second.kv.put("k", 1)), NO_QUORUM);
    assertEquals(await time.until(second.kv.get("k")), NO_QUORUM);
    cluster.network.heal();
    cluster.line(node).hears = () => true;
    await time.until(node.ready);
    cluster.network.partition(["n3"]);
    assertEquals(await time.until(second.kv.put("k", 1, { noQuorum: "retry" })), {
      ok: true,
      value: 1,
    });
  });

  it("recovers all of a large memory despite concurrent writes and lost messages", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time, timeout: 20_000 });
    const [first, second] = cluster.nodes;
    /** More than two pieces of a copy. */
    const size = 2_500;
    const keys = Array.from({ length: size }, (_, index) => index);
    const tokens = await time.until(
      Promise.all(
        keys.map(async (key) => valueOf(await first.kv.claim(key, `value ${key}`)).token),
      ),
    );
    cluster.crash("n3");
    const node = await cluster.start("n3");
    cluster.line(node).hears = () => time.runtime.random() < 0.7;
    for (let late = 0; !node.hasQuorum; late++) {
      await time.until(second.kv.put(`late ${late}`, late));
      await time.pass(20);
      assertLess(late, 10_000);
    }
    cluster.line(node).hears = () => true;
    await time.pass(1_000);
    assertGreaterOrEqual((await time.until(node.status())).entries, size);

    // From now on the cluster depends on the copy of n3.
    cluster.crash("n1");
    const back = await cluster.start("n1");
    await time.until(back.ready);
    cluster.crash("n2");
    const found = await time.until(Promise.all(keys.map(async (key) => {
      const [value, token] = [await back.kv.get(key), await node.kv.token(key)];
      return [valueOf(value), valueOf(token)];
    })));
    assertEquals(found, keys.map((key) => [`value ${key}`, tokens[key]]));
  });
});
