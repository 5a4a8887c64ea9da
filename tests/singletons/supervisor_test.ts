import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ChildContext, ChildSpec, ClusterEvents } from "../../mod.ts";
import { reasonOf } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { collectEvents } from "../support/wait.ts";

/** The ways in which a start fails. */
type Start = (context: ChildContext) => object | Promise<object>;

const WAYS: Record<string, Start> = {
  throws: () => {
    throw new RangeError("no");
  },
  "exits with a reason": (context) => {
    void context.exit(new RangeError("no"));
    return {};
  },
};

/** A cluster whose nodes all host a permanent singleton, and the times at which its starts were tried. */
async function failing(start: Start, sessionTtl = 1_000) {
  const starts: number[] = [];
  const spec: ChildSpec<object, []> = {
    id: "failing",
    restart: "permanent",
    start: (context) => {
      starts.push(cluster.time.runtime.now());
      return start(context);
    },
  };
  const cluster = await VirtualCluster.start(3, { hosts: [spec], sessionTtl });
  const events = cluster.hosts.map((node) => collectEvents(node, "processerror"));
  return { cluster, spec, starts, events: () => events.flat() };
}

/** The intervals between these times. */
function gaps(times: readonly number[]): number[] {
  return times.slice(1).map((time, index) => time - times[index]);
}

describe("a start that fails in the background", () => {
  for (const [way, start] of Object.entries(WAYS)) {
    it(`and ${way} is tried again after a wait that doubles, up to a minute`, async () => {
      const { cluster, spec, starts } = await failing(start, 4_000);
      await using _ = cluster;
      const [node] = cluster.nodes;
      await cluster.time.until(reasonOf(node.whereis(node.name("k", spec))));
      await cluster.pass(240_000);
      // A wait of one, two, four seconds and so on, then up to the next check, which comes after one to two
      // seconds.
      for (const [index, gap] of gaps(starts).entries()) {
        const wait = Math.min(60_000, 1_000 * 2 ** index);
        assert(gap >= wait && gap <= wait + 3_000, `wait ${index} took ${gap} ms`);
      }
      // 63 s and six checks until the wait is a minute, then one start a minute.
      assert(starts.length >= 9 && starts.length <= 10, `${starts.length} starts in 4 minutes`);
    });

    it(`and ${way} is a processerror of its host, with the spec and the key, each time`, async () => {
      const { cluster, spec, starts, events } = await failing(start);
      await using _ = cluster;
      const [node] = cluster.nodes;
      await cluster.time.until(reasonOf(node.whereis(node.name(["k", 1], spec))));
      // The caller gets the error, so there is no event.
      assertEquals(events(), []);
      await cluster.pass(10_000);
      const details = events().map(({ detail }) => detail as ClusterEvents["processerror"]);
      assertEquals(details.length, starts.length - 1);
      assertLessOrEqual(3, details.length);
      for (const { pid, error, spec, key } of details) {
        assertEquals([spec, key, String(error)], ["failing", ["k", 1], "RangeError: no"]);
        assert(cluster.voters.includes(pid.node));
      }
    });
  }

  it("does not count once the instance has run for a second: after its next end it starts at once", async () => {
    let fails = true;
    const { cluster, spec, starts } = await failing(() => {
      if (fails) throw new Error("no");
      return {};
    });
    await using _ = cluster;
    const { time, nodes: [node] } = cluster;
    const remote = node.name("k", spec);
    await time.until(reasonOf(node.whereis(remote)));
    await cluster.pass(20_000);
    fails = false;
    await cluster.pass(60_000);
    const count = starts.length;
    const where = await time.until(node.lookup(remote));
    assert(where.ok);
    await time.until(cluster.hosts.find(({ id }) => id === where.value.node)!.close());
    await cluster.pass(1_500);
    assertEquals(starts.length, count + 1);
  });

  it("does not delay a call, which tries at once", async () => {
    let fails = true;
    const { cluster, spec, starts } = await failing(() => {
      if (fails) throw new Error("no");
      return { ok: () => "ok" };
    });
    await using _ = cluster;
    const { time, nodes: [node] } = cluster;
    const remote = node.name("k", spec);
    await time.until(reasonOf(node.whereis(remote)));
    await cluster.pass(70_000);
    const count = starts.length;
    fails = false;
    assertEquals(await time.until(node.call(remote, "ok")), "ok");
    assertEquals(starts.length, count + 1);
  });

  it("leaves nothing behind when its node closes during a wait", async () => {
    const { cluster, spec } = await failing(WAYS.throws);
    const [node] = cluster.nodes;
    await cluster.time.until(reasonOf(node.whereis(node.name("k", spec))));
    await cluster.pass(10_000);
    await cluster[Symbol.asyncDispose]();
    assertEquals(cluster.time.timers, 0);
  });
});
