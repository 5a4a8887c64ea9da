// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { registerId } from "../../lib/codec.ts";
import { lockOf } from "../../lib/locks/lock_value.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { OrderPost } from "./support/order_post.ts";

const LOCK = registerId("l", undefined, "k");

/** A lock that n1 holds, and n2, which knows of that because its first request waits. */
async function begin() {
  const post = new OrderPost();
  const cluster = await VirtualCluster.start(3, {}, post.wrap);
  const [one, two, three] = cluster.nodes;
  const held = await cluster.time.until(one.lock("k"));
  const first = two.lock("k");
  // Requests may end with their node.
  first.catch(() => {});
  await cluster.pass(50);
  post.clear();
  const { core } = partsOf(three);
  const sees = async () => {
    const { state } = await cluster.time.until(core.reads.read(LOCK, core.limits()));
    return lockOf(state).queue.map(({ pid, mode }) =>
      mode === "shared" ? `${pid.node}~` : pid.node
    );
  };
  return { post, cluster, one, two, three, held, first, sees };
}

describe("a request for a lock that is known to be held (section 9)", () => {
  it("goes to the node of the holder, and is proposed by that alone", async () => {
    const { post, cluster, two, held, first, sees } = await begin();
    await using _ = cluster;
    const second = two.lock("k", { mode: "shared" });
    const third = two.lock("k", { mode: "shared" });
    await cluster.pass(20);
    assertEquals(post.orders.map(({ from, to }) => [from, to]), [["n2", "n1"], ["n2", "n1"]]);
    const requests = post.orders.map(({ order }) => order.requests);
    assertEquals(requests.map((all) => all.map(({ mode }) => mode)), [["shared"], ["shared"]]);
    assertEquals(post.others.filter((text) => /^n2 (prepare|accept)/.test(text)), []);
    assertEquals(await sees(), ["n2", "n2~", "n2~"]);
    void held.release();
    const lock = await cluster.time.until(first);
    assert(lock.token > held.token);
    void lock.release();
    const shared = await cluster.time.until(Promise.all([second, third]));
    assertEquals(shared[0].token, shared[1].token);
    await cluster.time.until(Promise.all(shared.map((one) => one.release())));
  });

  it("takes its permits and its label with it", async () => {
    const { post, cluster, two } = await begin();
    await using _ = cluster;
    two.lock("k", { permits: 3, label: "import" }).catch(() => {});
    await cluster.pass(20);
    const requests = post.orders.flatMap(({ order }) => order.requests);
    assertEquals(requests.map(({ permits, label }) => [permits, label]), [[3, "import"]]);
  });

  it("is one of an order of all those that came meanwhile", async () => {
    const { post, cluster, two, held, first, sees } = await begin();
    await using _ = cluster;
    const waiting = Array.from({ length: 5 }, () => two.lock("k"));
    await cluster.pass(20);
    assertEquals(post.orders.map(({ order }) => order.requests.length), [1, 4]);
    assertEquals((await sees()).length, 6);
    const order: number[] = [];
    const all = [first, ...waiting].map(async (one, index) => {
      const lock = await one;
      order.push(index);
      await lock.release();
    });
    void held.release();
    await cluster.time.until(Promise.all(all));
    assertEquals(order, [0, 1, 2, 3, 4, 5]);
  });

  it("is proposed by its own node if no answer comes, once and behind the earlier ones", async () => {
    const { post, cluster, two, held, first, sees } = await begin();
    await using _ = cluster;
    post.fate = "kept";
    const second = two.lock("k");
    const third = two.lock("k", { mode: "shared" });
    for (const one of [second, third]) one.catch(() => {});
    await cluster.pass(10);
    assertEquals(await sees(), ["n2"]);
    await cluster.pass(100);
    assertEquals(await sees(), ["n2", "n2", "n2~"]);
    post.deliver();
    await cluster.pass(20);
    assertEquals(await sees(), ["n2", "n2", "n2~"]);
    void held.release();
    for (const one of [first, second, third]) {
      const lock = await cluster.time.until(one);
      await cluster.time.until(lock.release());
    }
  });

  it("that was handed over in vain is proposed by a prepare: it may have taken effect (section 3a)", async () => {
    const post = new OrderPost();
    await using cluster = await VirtualCluster.start(3, { clients: true }, post.wrap);
    const client = await cluster.join("c");
    await cluster.time.until(client.ready);
    const held = await cluster.time.until(cluster.nodes[0].lock("k"));
    const waiting = [client.lock("k")];
    await cluster.pass(100);
    // The promise that it keeps with that is outdated by then.
    waiting.push(cluster.nodes[1].lock("k"));
    // Until then it begins classically, since the first request has met something.
    await cluster.pass(11_000);
    post.clear();
    post.fate = "kept";
    waiting.push(client.lock("k"));
    await cluster.pass(500);
    for (const one of waiting) one.catch(() => {});
    assertEquals(post.orders.map(({ from }) => from), ["c"]);
    const proposed = post.others.filter((text) => /^c (fast|prepare)/.test(text));
    assertEquals(proposed.some((text) => text.startsWith("c fast")), false);
    assertEquals(proposed.length > 0, true);
    void held.release();
    await cluster.time.until(waiting[0]);
  });

  it("does not wait with ifAvailable, nor pass those before it", async () => {
    const { post, cluster, two, first, held } = await begin();
    await using _ = cluster;
    post.fate = "kept";
    const second = two.lock("k");
    assertEquals(await cluster.time.until(two.lock("k", { ifAvailable: true })), null);
    assertEquals(post.orders.length, 1);
    void held.release();
    void (await cluster.time.until(first)).release();
    void (await cluster.time.until(second)).release();
  });

  it("is not handed over to steal", async () => {
    const { post, cluster, two, held } = await begin();
    await using _ = cluster;
    const lock = await cluster.time.until(two.lock("k", { steal: true }));
    assertEquals([post.orders.length, lock.token > held.token], [0, true]);
  });

  for (const when of ["before its order arrives", "and its order comes again"]) {
    it(`leaves nothing behind when it is aborted, ${when}`, async () => {
      const { post, cluster, two, held, first, sees } = await begin();
      await using _ = cluster;
      if (when.startsWith("before")) post.fate = "kept";
      const aborter = new AbortController();
      const second = two.lock("k", { signal: aborter.signal });
      await cluster.pass(5);
      aborter.abort(new Error("enough"));
      await assertRejects(() => cluster.time.until(second), Error, "enough");
      await cluster.pass(20);
      post.deliver();
      await cluster.pass(20);
      assertEquals(await sees(), ["n2"]);
      // Also when the lock was free meanwhile, and n1 holds it again.
      void held.release();
      void (await cluster.time.until(first)).release();
      const again = await cluster.time.until(cluster.nodes[0].lock("k"));
      post.deliver();
      await cluster.pass(20);
      assertEquals(await sees(), []);
      await cluster.time.until(again.release());
    });
  }

  it("leaves nothing behind after its release", async () => {
    const { post, cluster, one, two, held, first, sees } = await begin();
    await using _ = cluster;
    const second = two.lock("k");
    await cluster.pass(20);
    void held.release();
    void (await cluster.time.until(first)).release();
    const lock = await cluster.time.until(second);
    const again = one.lock("k");
    await cluster.pass(20);
    await cluster.time.until(lock.release());
    const kept = await cluster.time.until(again);
    post.deliver();
    await cluster.pass(20);
    assertEquals(await sees(), []);
    await cluster.time.until(kept.release());
  });

  it("ends with its timeout, and leaves nothing behind", async () => {
    const { post, cluster, two, sees } = await begin();
    await using _ = cluster;
    post.fate = "kept";
    const late = two.lock("k", { timeout: 8 });
    await assertRejects(() => cluster.time.until(late), DOMException);
    await cluster.pass(20);
    post.deliver();
    await cluster.pass(20);
    assertEquals(await sees(), ["n2"]);
    post.fate = "sent";
    two.lock("k").catch(() => {});
    await cluster.pass(20);
    assertEquals(await sees(), ["n2", "n2"]);
    assertEquals(post.orders.map(({ order }) => order.requests.length), [1, 1]);
  });

  it("waits on when the holder's node crashes", async () => {
    const { cluster, two, first } = await begin();
    cluster.crash("n1");
    const second = two.lock("k");
    void (await cluster.time.until(first)).release();
    await cluster.time.until((await cluster.time.until(second)).release());
    cluster.nodes.shift();
    await cluster[Symbol.asyncDispose]();
  });

  it("goes to a node that has refused an order, though nothing was learned since", async () => {
    const { post, cluster, one, two, held, first } = await begin();
    await using _ = cluster;
    // The lock has moved on, as n1 says, and n2 does not learn it for a while.
    const { taken } = partsOf(one).lockTable;
    const { take } = taken;
    taken.take = (_from, _life, _order, refuse) => refuse(true);
    const second = two.lock("k");
    await cluster.pass(200);
    assertEquals(post.orders.length, 1);
    taken.take = take;
    const third = two.lock("k");
    for (const request of [second, third]) request.catch(() => {});
    await cluster.pass(20);
    assertEquals(post.orders.length, 2);
    void held.release();
    for (const request of [first, second, third]) {
      await cluster.time.until((await cluster.time.until(request)).release());
    }
  });

  it("does not wait for a node that was silent before", async () => {
    const { post, cluster, two, held, first, sees } = await begin();
    await using _ = cluster;
    post.fate = "kept";
    const second = two.lock("k");
    second.catch(() => {});
    await cluster.pass(100);
    assertEquals(post.orders.length, 1);
    const third = two.lock("k");
    third.catch(() => {});
    await cluster.pass(20);
    assertEquals([post.orders.length, await sees()], [1, ["n2", "n2", "n2"]]);
    // A second later it is tried again, and then after two.
    await cluster.pass(1_000);
    const fourth = two.lock("k");
    fourth.catch(() => {});
    await cluster.pass(100);
    assertEquals(post.orders.length, 2);
    post.fate = "sent";
    await cluster.pass(1_000);
    const fifth = two.lock("k");
    fifth.catch(() => {});
    await cluster.pass(10);
    assertEquals(post.orders.length, 2);
    await cluster.pass(1_000);
    // It has answered since: one that is lost now counts as the first.
    const sixth = two.lock("k");
    sixth.catch(() => {});
    await cluster.pass(10);
    assertEquals(post.orders.length, 3);
    post.fate = "kept";
    const last = [two.lock("k")];
    await cluster.pass(1_100);
    last.push(two.lock("k"));
    for (const one of last) one.catch(() => {});
    await cluster.pass(100);
    assertEquals(post.orders.length, 5);
    void held.release();
    for (const one of [first, second, third, fourth, fifth, sixth, ...last]) {
      await cluster.time.until((await cluster.time.until(one)).release());
    }
  });

  for (const draw of [0, 1]) {
    it(`goes to a node that keeps orders for its own next write, where messages take long, and the wait is spread by ${draw}`, async () => {
      const post = new OrderPost();
      const options = { sessionTtl: 60_000, timeout: 60_000 };
      await using cluster = await VirtualCluster.start(3, options, post.wrap);
      const { time, nodes: [one, , three] } = cluster;
      time.latency = 25;
      time.jitter = 0;
      for (let i = 0; i < 40; i++) {
        for (const node of cluster.nodes) {
          await time.until((await time.until(node.lock(`round ${i}`))).release());
        }
      }
      // A crowded lock that has been passed on quickly comes to n1.
      const before = await time.until(three.lock("k"));
      const passed = three.lock("k");
      await cluster.pass(400);
      const waiting = [one.lock("k"), one.lock("k"), one.lock("k")];
      await cluster.pass(400);
      Object.assign(time.runtime, { random: () => draw });
      void before.release();
      void (await time.until(passed)).release();
      const held = await time.until(waiting[0]);
      await cluster.pass(26);
      post.clear();
      // n1 keeps it for two and a half round trips, and then proposes it.
      waiting.push(three.lock("k"));
      for (const lock of waiting) lock.catch(() => {});
      await cluster.pass(400);
      assertEquals(post.others.filter((text) => /^n3 (prepare|accept)/.test(text)), []);
      const last = three.lock("k");
      last.catch(() => {});
      waiting.push(last);
      await cluster.pass(400);
      assertEquals(post.orders.map(({ from, to }) => [from, to]), [["n3", "n1"], ["n3", "n1"]]);
      void held.release();
      for (const lock of waiting.slice(1)) await time.until((await time.until(lock)).release());
    });
  }

  it("is refused by full members, and not handed over again and again", async () => {
    const post = new OrderPost();
    await using cluster = await VirtualCluster.start(3, { maxBytes: 50_000 }, post.wrap);
    const { time, nodes: [one, two, three] } = cluster;
    const held = await time.until(one.lock("k"));
    const first = two.lock("k");
    first.catch(() => {});
    await cluster.pass(50);
    const put = (i: number) => time.until(three.kv.put(`k${i}`, "x".repeat(500)));
    for (let i = 0; await put(i).then(({ ok }) => ok, () => false); i++);
    // Some are written on kept promises, which need no room.
    const label = "x".repeat(64);
    const codes: unknown[] = [];
    const waiting: Promise<void>[] = [];
    while (waiting.length < 150) {
      const request = two.lock("k", { label });
      waiting.push(request.then((lock) => lock.release(), ({ code }) => void codes.push(code)));
      await cluster.pass(5);
    }
    await cluster.pass(1_000);
    assert(codes.length > 0 && codes.every((code) => code === "full"), `${codes}`);
    post.clear();
    await cluster.pass(1_000);
    assertEquals(post.orders.length, 0);
    void held.release();
    await time.until((await time.until(first)).release());
    await time.until(Promise.all(waiting));
  });

  for (const how of ["closes", "loses its session"]) {
    it(`is not handed over by a node that ${how}, behind an order under way`, async () => {
      const { post, cluster, two, three, held } = await begin();
      await using _ = cluster;
      const waiting = [1, 2, 3].map(() => two.lock("k").catch(({ code }) => code));
      await cluster.pass(0.1);
      assertEquals(post.orders.map(({ order }) => order.requests.length), [1]);
      if (how === "closes") {
        await cluster.time.until(two.close());
        assertEquals(await cluster.time.until(Promise.all(waiting)), Array(3).fill("closed"));
        await cluster.pass(20);
      } else {
        cluster.time.stall(6_000);
        two.hasQuorum;
      }
      assertEquals(post.orders.map(({ order }) => order.requests.length), [1]);
      if (how !== "closes") return;
      void held.release();
      // Its session is over, with all that it has in the lock.
      await cluster.time.until((await cluster.time.until(three.lock("k"))).release());
    });
  }

  it("ends with its node", async () => {
    const { post, cluster, two } = await begin();
    await using _ = cluster;
    post.fate = "kept";
    const second = two.lock("k").then(() => "granted", (error) => error.code);
    await cluster.pass(1);
    await cluster.time.until(two.close());
    assertEquals(await second, "closed");
  });
});
