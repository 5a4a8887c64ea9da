// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { GRANT_SHARE } from "../../../lib/paxos/sessions.ts";
import { life, ScriptedNode } from "../../support/scripted_node.ts";

const TTL = 5_000;

/** The session of node x with this number. */
const session = (number: number) => `x/${life(9)}/${number}`;

/** Lets time pass; all messages sent meanwhile are lost. */
async function silence(node: ScriptedNode, time: number): Promise<void> {
  await node.time.pass(time);
  await node.lose("a", "b", "c");
}

describe("NodeSession (section 6)", () => {
  it("has a session once a quorum has granted it", async () => {
    const node = await ScriptedNode.start({ withoutSession: true });
    node.core.session.open();
    await node.ask("a");
    assertEquals(node.core.session.isValid(), false);
    await node.ask("b");
    assertEquals([node.core.session.isValid(), node.core.session.current], [true, session(1)]);
  });

  it("asks for a time to live within the cluster's maximum", async () => {
    const node = await ScriptedNode.start({ maxTtl: 700, withoutSession: true });
    node.core.session.open();
    const [renew] = await node.asked("a");
    assertEquals(renew.type === "renew" && renew.ttl, 700);
    await node.ask("a", "b");
    assertEquals(node.core.session.remaining, 700 * 0.95);
    // The same for the session after it.
    node.core.session.end();
    node.core.session.open();
    const next = (await node.asked("a")).at(-1)!;
    assertEquals(next.type === "renew" && next.ttl, 700);
  });

  it("renews every third of its time to live", async () => {
    const node = await ScriptedNode.start();
    await silence(node, TTL / 3 - 1);
    assertEquals(node.trace, []);
    await node.time.pass(2);
    await node.ask("a", "b");
    assertEquals(node.trace.filter((line) => line.startsWith("a<")), ["a< renew"]);
    assert(node.core.session.remaining > TTL * 0.94);
  });

  it("counts from the time at which the renewal was sent, even if the answers are late", async () => {
    const node = await ScriptedNode.start();
    await node.time.pass(TTL / 3 + 1);
    await node.send("a", "b");
    await node.time.pass(200);
    await node.hear("a", "b");
    const rest = node.core.session.remaining;
    assert(rest <= TTL * 0.95 - 200 && rest > TTL * 0.95 - 210, `${rest}`);
  });

  it("is over at its deadline, for ever: an answer that arrives then does not renew it", async () => {
    const node = await ScriptedNode.start();
    await node.time.pass(TTL / 3 + 1);
    await node.send("a", "b", "c");
    // Only the clock has advanced: no timer has run yet.
    await node.time.pass(0);
    const { current } = node.core.session;
    let elapsed = 0;
    while (node.core.session.isPossible(current)) {
      elapsed += 100;
      await node.time.pass(100);
      assert(elapsed < TTL, "it never ends");
    }
    await node.hear("a", "b", "c");
    assertEquals(node.core.session.isValid(current), false);
    assertEquals(node.lost, [current]);
    assertEquals(node.core.session.current, session(2));
  });

  it("is over at the instant of the call, before any timer has run", async () => {
    for (const ask of ["isValid", "isPossible"] as const) {
      const node = await ScriptedNode.start();
      const { session } = node.core;
      const { current } = session;
      node.ahead = TTL * 0.95 - 10;
      assertEquals([session[ask](current), node.lost], [true, []]);
      // As after a sleep: only the wall clock has advanced.
      node.ahead = TTL * 0.95;
      assertEquals([session[ask](current), node.lost], [false, []]);
      session.check();
      assertEquals([node.lost, session.current === current], [[current], false]);
    }
  });

  it("is what gives the node its quorum, at the instant of the call and by both clocks", async () => {
    const left = TTL * 0.95;
    const node = await ScriptedNode.start();
    const { session } = node.core;
    node.ahead = left - 10;
    assertEquals([session.hasQuorum, session.hasQuorum], [true, true]);
    // As after a sleep.
    node.ahead = left;
    assertEquals([session.hasQuorum, session.hasQuorum], [false, false]);
    // The wall clock was set back: what is over is over, at an earlier reading too.
    node.ahead = left - 10;
    assertEquals([session.hasQuorum, node.lost], [false, []]);

    const other = await ScriptedNode.start();
    assertEquals(other.core.session.hasQuorum, true);
    // The wall clock was set back meanwhile.
    other.time.stall(left);
    other.ahead = -left + 10;
    assertEquals([other.core.session.hasQuorum, other.lost], [false, []]);
  });

  it("ends the node's quorum at its own end, although no clock has moved", async () => {
    const node = await ScriptedNode.start({ withoutSession: true });
    const { session } = node.core;
    const states: boolean[] = [];
    const look = () => void states.push(session.hasQuorum, session.hasQuorum);
    look();
    session.open();
    look();
    await node.ask("a", "b");
    look();
    session.end();
    look();
    session.open();
    look();
    await node.ask("a", "b");
    look();
    session.stop();
    look();
    const pair = (has: boolean) => [has, has];
    assertEquals(states, [false, false, true, false, false, true, false].flatMap(pair));
  });

  it("tells whether there is a quorum by one clock, while that shows the same", async () => {
    const node = await ScriptedNode.start();
    const { session } = node.core;
    const { runtime } = node.engine;
    const { now } = runtime;
    let readings = 0;
    runtime.now = () => {
      readings++;
      return now();
    };
    for (let call = 0; call < 10; call++) assertEquals(session.hasQuorum, true);
    assertEquals(readings, 1);
    node.time.stall(1);
    for (let call = 0; call < 10; call++) assertEquals(session.hasQuorum, true);
    assertEquals(readings, 2);
  });

  it("an earlier session is neither valid nor possible", async () => {
    const node = await ScriptedNode.start();
    node.core.session.end();
    node.core.session.open();
    await node.ask("a", "b");
    const { current } = node.core.session;
    assertEquals([node.core.session.isValid(current), node.core.session.isPossible(current)], [
      true,
      true,
    ]);
    const before = session(1);
    assertEquals([node.core.session.isValid(before), node.core.session.isPossible(before)], [
      false,
      false,
    ]);
  });

  it("answers for an earlier session do not count for this one", async () => {
    const node = await ScriptedNode.start({ withoutSession: true });
    node.core.session.open();
    await node.send("a", "b", "c");
    node.core.session.end();
    node.core.session.open();
    await node.hear("a", "b", "c");
    assertEquals(node.core.session.isValid(), false);
    await node.ask("a", "b");
    assertEquals([node.core.session.isValid(), node.core.session.current], [true, session(2)]);
  });

  it("gives up a session that no quorum can grant any more, and asks for the next one", async () => {
    const node = await ScriptedNode.start({ withoutSession: true });
    for (const member of ["a", "b"]) node.voter(member).sessions.end(session(1), 0);
    node.core.session.open();
    await node.ask("a");
    assertEquals(node.core.session.current, session(1));
    await node.ask("b");
    assertEquals(node.core.session.current, session(2));
    await node.ask("a", "b");
    assertEquals(node.core.session.isValid(), true);
  });

  it("refusals do not end a granted session: only its deadline does", async () => {
    const node = await ScriptedNode.start();
    for (const member of ["a", "b", "c"]) node.voter(member).sessions.end(session(1), 0);
    await node.time.pass(TTL / 3 + 1);
    await node.ask("a", "b", "c");
    assertEquals([node.core.session.isValid(), node.lost], [true, []]);
  });

  it("the quorum of renewals is crash-consistent", async () => {
    const node = await ScriptedNode.start({ withoutSession: true });
    node.core.session.open();
    await node.ask("a");
    node.crash("a", 3, "b");
    await node.ask("b");
    assertEquals(node.core.session.isValid(), false);
    await node.ask("c");
    assertEquals(node.core.session.isValid(), true);
  });

  it("answers may arrive after many more renewals were sent: each counts from its own sending", async () => {
    const node = await ScriptedNode.start({ withoutSession: true });
    node.core.session.open();
    await node.send("a", "b");
    await node.time.pass(4_000);
    const sent = (await node.asked("a")).length;
    assert(sent > 5, `${sent} renewals were sent since`);
    await node.hear("a", "b");
    assertEquals([node.core.session.remaining, node.lost], [TTL * 0.95 - 4_000, []]);
  });

  it("gives up a session that was never granted, before members forget that they may have fenced it", async () => {
    const node = await ScriptedNode.start({ withoutSession: true });
    node.core.session.open();
    await silence(node, TTL * GRANT_SHARE - 1);
    assertEquals([node.core.session.current, node.lost], [session(1), []]);
    await silence(node, 2_000);
    assertEquals([node.core.session.current, node.lost], [session(2), [session(1)]]);
    await node.time.pass(2_000);
    await node.ask("a", "b", "a", "b");
    assertEquals(node.core.session.isValid(), true);
  });

  it("after a lost session it asks for none before a quorum answers, after any time", async () => {
    const node = await ScriptedNode.start();
    await silence(node, TTL);
    assertEquals(node.lost, [session(1)]);
    await silence(node, 100 * TTL);
    // Operations of this node that wait for the next session continue to wait.
    assertEquals([node.core.session.isPossible(session(2)), node.lost], [true, [session(1)]]);
    const types = async (member: string) => (await node.asked(member)).map(({ type }) => type);
    await node.time.pass(1_300);
    assertEquals(new Set(await types("a")), new Set(["look"]));
    await node.ask("a");
    assertEquals(await types("b"), await types("c"));
    assertEquals((await types("b")).includes("renew"), false);
    // A member that was heard long ago makes no quorum with another one.
    await silence(node, TTL);
    await node.time.pass(1_300);
    await node.ask("b");
    assertEquals((await types("c")).includes("renew"), false);
    await node.ask("c");
    assertEquals((await types("a")).at(-1), "renew");
    await node.ask("a", "b");
    assertEquals([node.core.session.isValid(), node.lost], [true, [session(1)]]);
  });

  it("everything of a session of an earlier life ends when the next life opens one", async () => {
    const node = await ScriptedNode.start({ withoutSession: true });
    assertEquals(node.core.session.current, session(1));
    node.engine.changeLife(life(10));
    assertEquals(node.lost, []);
    node.core.session.open();
    assertEquals(node.lost, [session(1)]);
    assertEquals(node.core.session.current, `x/${life(10)}/1`);
  });

  it("a node whose life is said to be over asks for sessions ever more slowly, until it gets one", async () => {
    const node = await ScriptedNode.start({ withoutSession: true });
    const said = () => {
      for (const member of node.members) {
        node.voter(member).sessions.over(life(9), node.time.runtime.now());
      }
    };
    said();
    node.core.session.open();
    for (let i = 0; i < 100; i++) {
      await node.time.pass(10);
      await node.ask("a", "b", "c");
    }
    const renewals = node.trace.filter((line) => line === "a< renew").length;
    assert(renewals >= 2 && renewals <= 12, `${renewals} renewals in a second`);
    for (let i = 0; i < 800 && !node.core.session.isValid(); i++) {
      await node.time.pass(10);
      await node.ask("a", "b", "c");
    }
    assertEquals(node.core.session.isValid(), true);
  });
});
