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
  it("the session ends once a quorum tells of it and has fenced it", async () => {
    const { node, events, prove } = await start();
    prove("a", "c");
    await node.hear("a");
    await node.ask("a", "b", "c");
    assertEquals(node.trace.filter((line) => line.includes("fence")), []);
    await node.hear("c");
    assertEquals(events, []);
    await node.ask("a", "c");
    assertEquals(events, ["ended"]);
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
