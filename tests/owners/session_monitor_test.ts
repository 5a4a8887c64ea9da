// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { SessionMonitor } from "../../lib/owners/session_monitor.ts";
import { life, ScriptedNode } from "../support/scripted_node.ts";

const LIFE = life(4);
const SESSION = `n/${LIFE}/1`;

/** A node that waits for the end of a session which all members have renewed. */
async function start() {
  const node = await ScriptedNode.start();
  const { time } = node;
  for (const member of node.members) {
    node.voter(member).sessions.renew(SESSION, 5_000, 1, time.runtime.now());
  }
  const monitor = new SessionMonitor(node.core);
  const events: string[] = [];
  const stop = monitor.watch(SESSION, () => events.push("ended"));
  await node.ask("a", "b", "c");
  node.trace.length = 0;
  /** Another node gives these members the proof. */
  const prove = (...members: string[]) => {
    for (const member of members) node.give(member, { id: 1, type: "over", life: LIFE });
  };
  return { node, monitor, events, stop, prove };
}

describe("SessionMonitor: proofs that a life is over (section 6)", () => {
  it("the session ends once a quorum tells of it, without a question", async () => {
    const { node, events, prove } = await start();
    prove("a", "c");
    await node.hear("a");
    await node.ask("a", "b");
    assertEquals(events, []);
    await node.hear("c");
    assertEquals(events, ["ended"]);
    assertEquals(node.trace.filter((line) => line.includes("fence")), []);
    // Nothing that this node does later asks for it again.
    assertEquals(await node.core.queries.fence(SESSION, node.core.limits()), true);
  });

  it("ends no further watch once a listener has closed the monitor", async () => {
    const { node, monitor, prove } = await start();
    const ended: string[] = [];
    for (const session of [`n/${LIFE}/2`, `n/${LIFE}/3`]) {
      monitor.watch(session, () => {
        ended.push(session);
        monitor.close();
      });
    }
    prove("a", "b");
    await node.hear("a", "b");
    assertEquals(ended, [`n/${LIFE}/2`]);
  });

  it("a proof that came before the watch is told, too", async () => {
    const { node, events, monitor, stop, prove } = await start();
    stop();
    prove("a", "b");
    await node.lose("a", "b");
    monitor.watch(SESSION, () => events.push("ended again"));
    for (let i = 0; i < 3; i++) await node.ask("a", "b");
    assertEquals(events, ["ended again"]);
  });

  it("a watch that has stopped hears nothing", async () => {
    const { node, events, stop, prove } = await start();
    stop();
    prove("a", "b", "c");
    await node.hear("a", "b", "c");
    assertEquals(await node.asked("a"), []);
    assertEquals(events, []);
  });
});

const OTHER = `y/${life(5)}/1`;
const TTL = 5_000;

/** A monitor of a session that its owner renews, and the sessions that it has found ended. */
async function watching() {
  const node = await ScriptedNode.start();
  const monitor = new SessionMonitor(node.core);
  const ended: string[] = [];
  const watch = (name: string, session = OTHER) =>
    monitor.watch(session, () => void ended.push(name));
  /** The owner renews its session with these members. */
  const renew = (...members: string[]) => {
    for (const member of members) {
      const request = { id: 1, type: "renew", session: OTHER, ttl: TTL, hosts: [] } as const;
      node.voter(member).handle(
        { ...request, renewal: 1, wall: 0 },
        { node: "y", life: life(5) },
        node.time.runtime.now(),
      );
    }
  };
  /** All messages arrive at once, for so long. */
  const pass = async (duration: number) => {
    for (let i = 0; i < duration; i += 50) {
      await node.time.pass(50);
      await node.ask("a", "b", "c");
    }
  };
  return { node, monitor, ended, watch, renew, pass };
}

describe("SessionMonitor: a session that expires (section 6)", () => {
  it("finds a session ended when it has expired and a quorum has fenced it", async () => {
    const { ended, watch, renew, pass } = await watching();
    renew("a", "b", "c");
    watch("one");
    await pass(TTL - 100);
    assertEquals(ended, []);
    await pass(500);
    assertEquals(ended, ["one"]);
    await pass(TTL);
    assertEquals(ended.length, 1);
  });

  it("waits on while the session is renewed", async () => {
    const { ended, watch, renew, pass } = await watching();
    watch("one");
    for (let i = 0; i < 5; i++) {
      renew("a", "b", "c");
      await pass(TTL - 500);
    }
    assertEquals(ended, []);
    await pass(1_000);
    assertEquals(ended, ["one"]);
  });

  it("tells all that watch, with one question at a time", async () => {
    const { node, ended, watch, renew } = await watching();
    renew("a", "b", "c");
    watch("one");
    const { length } = await node.asked("a");
    watch("two");
    assertEquals((await node.asked("a")).length, length);
    await node.ask("a", "b", "c");
    await node.time.pass(TTL + 1_000);
    for (let i = 0; i < 4; i++) await node.ask("a", "b", "c");
    assertEquals(ended, ["one", "two"]);
  });

  it("does not tell one that has stopped, and asks no more without any", async () => {
    const { node, ended, watch, renew, pass } = await watching();
    renew("a", "b", "c");
    const [stopOne, stopTwo] = [watch("one"), watch("two")];
    await node.ask("a", "b", "c");
    stopOne();
    await pass(100);
    stopTwo();
    stopTwo();
    const { timers } = node.time;
    await node.time.pass(TTL + 1_000);
    await node.lose("a", "b", "c");
    await pass(2 * TTL);
    assertEquals(ended, []);
    assertEquals(node.time.timers <= timers, true);
  });

  it("asks again while there is no quorum", async () => {
    const { node, ended, watch, pass } = await watching();
    watch("one");
    await node.time.pass(30_000);
    assertEquals(ended, []);
    await node.lose("a", "b", "c");
    await pass(12_000);
    assertEquals(ended, ["one"]);
  });

  it("tells of nothing after it was closed", async () => {
    const { monitor, ended, watch, pass } = await watching();
    watch("one");
    monitor.close();
    await pass(2 * TTL);
    assertEquals(ended, []);
  });
});
