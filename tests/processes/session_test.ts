import { assertEquals, assertGreater, assertNotEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { SynodError } from "../../mod.ts";
import { startCluster } from "../support/real_cluster.ts";
import { assertCode, valueOf } from "../support/expect.ts";
import { collectEvents, eventually, nextEvent } from "../support/wait.ts";

/** A session that is short enough for a test, and long enough for a slow machine; in milliseconds. */
const SHORT = { each: { n3: { sessionTtl: 300 } } };

describe("losing the session", () => {
  it("ends every process of that session with session_lost, and none of a later one", async () => {
    await using cluster = await startCluster(3, SHORT);
    const third = cluster.nodes[2];
    const process = third.spawn();
    const running = third.spawn(() => new Promise(() => {}));
    const lost = nextEvent(third, "sessionlost");
    cluster.isolate("n3");
    await lost;
    const reason = (await process.exited).reason as SynodError;
    assertStrictEquals(reason instanceof SynodError, true);
    assertEquals(reason.code, "session_lost");
    assertStrictEquals(process.signal.reason, reason);
    await assertCode(process.result, "session_lost");
    await assertCode(running.result, "session_lost");
    const next = third.spawn();
    const back = nextEvent(third, "quorum");
    cluster.heal();
    await back;
    assertEquals(next.signal.aborted, false);
    assertNotEquals(next.pid.session, process.pid.session);
    assertEquals((await third.status()).owned.processes, 1);
    await next.exit();
  });

  it("emits sessionlost, with the session, then noquorum; then quorum when it is back", async () => {
    await using cluster = await startCluster(3, SHORT);
    const third = cluster.nodes[2];
    const log: string[] = [];
    for (const type of ["quorum", "noquorum", "sessionlost"] as const) {
      third.addEventListener(type, () => void log.push(type));
    }
    const session = (await third.status()).session!.id;
    const lost = nextEvent(third, "sessionlost");
    cluster.isolate("n3");
    assertEquals((await lost).detail, { session });
    assertEquals(third.hasQuorum, false);
    await eventually(() => log.length === 2, "noquorum");
    const back = nextEvent(third, "quorum");
    cluster.heal();
    await back;
    assertEquals(third.hasQuorum, true);
    assertEquals(log, ["sessionlost", "noquorum", "quorum"]);
    assertNotEquals((await third.status()).session!.id, session);
  });

  it("does not change ready, and emits no event on the other nodes", async () => {
    await using cluster = await startCluster(3, SHORT);
    const [first, , third] = cluster.nodes;
    const events = [
      ...["quorum", "noquorum", "sessionlost"] as const,
    ].map((type) => collectEvents(first, type));
    const lost = nextEvent(third, "sessionlost");
    cluster.isolate("n3");
    await lost;
    await third.ready;
    assertEquals(first.hasQuorum, true);
    assertEquals(events, [[], [], []]);
  });

  it("frees what the node owned, but not before its own processes have ended", async () => {
    await using cluster = await startCluster(3, SHORT);
    const [first, , third] = cluster.nodes;
    const process = third.spawn();
    const mine = valueOf(await third.kv.claim("k", "third", { pid: process }));
    cluster.isolate("n3");
    await eventually(async () => {
      const claim = valueOf(await first.kv.claim("k", "first"));
      if (claim.mine) {
        assertEquals(process.signal.aborted, true);
        assertEquals(third.hasQuorum, false);
        assertGreater(claim.token, mine.token);
      } else {
        assertEquals(claim, { ...mine, mine: false });
      }
      return claim.mine;
    }, "the end of the session");
    cluster.heal();
    assertEquals(await third.kv.get("k", { noQuorum: "retry" }), { ok: true, value: "first" });
  });

  it("releases what the node owned also if it returns before another node takes it", async () => {
    await using cluster = await startCluster(3, SHORT);
    const [first, , third] = cluster.nodes;
    const process = third.spawn();
    await third.kv.put("pid", 1, { pid: process });
    await third.kv.put("node", 1, { node: "n3" });
    const lost = nextEvent(third, "sessionlost");
    cluster.isolate("n3");
    await lost;
    const back = nextEvent(third, "quorum");
    cluster.heal();
    await back;
    await eventually(async () => (await first.kv.keys()).length === 0, "the end of both");
  });

  it("happens to no node that reaches a majority", async () => {
    await using cluster = await startCluster(3, { sessionTtl: 300 });
    const [first, second] = cluster.nodes;
    const lost = [first, second].map((node) => collectEvents(node, "sessionlost"));
    await first.kv.put("k", 1, { node: "n1" });
    cluster.isolate("n3");
    // After two times to live of n3's session.
    await nextEvent(cluster.nodes[2], "sessionlost");
    await eventually(async () => (await first.status()).session!.remaining > 200, "renewals");
    assertEquals(lost, [[], []]);
    assertEquals(await second.kv.get("k"), { ok: true, value: 1 });
  });
});
