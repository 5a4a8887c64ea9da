// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { resolveBindings } from "../../lib/kv/bindings.ts";
import { pidEnded } from "../../lib/kv/reasons.ts";
import type { Binding } from "../../lib/paxos/register.ts";
import { KEY, life } from "../support/scripted_node.ts";
import { ScriptedPuts, VALUE } from "./support/scripted_puts.ts";

const LATER: Binding = { kind: "until", time: 4_000_000_000_000 };

describe("Puts: a binding to a time (section 4)", () => {
  it("has passed in the very millisecond, by the wall clock of the node", async () => {
    const { node, table } = await ScriptedPuts.start();
    const limits = { deadline: node.time.runtime.now() + 1_000 };
    const resolve = (until: number) => resolveBindings(node.core, table, { until }, limits);
    const now = node.time.runtime.wallNow();
    assertEquals([(await resolve(now)).ok, (await resolve(now + 1)).ok], [false, true]);
  });
});

describe("Puts: what a process knows of its writes (section 4)", () => {
  it("a write that was chosen is its own, and its outcome is known", async () => {
    const script = await ScriptedPuts.start();
    const put = script.put([script.pid]);
    await script.node.ask("a", "b");
    assertEquals(script.owner.registers.get(KEY)?.unknown, 1);
    await script.node.ask("a", "b");
    assertEquals(put.outcome, "mine");
    assertEquals(script.owner.registers.get(KEY), {
      owned: true,
      unknown: 0,
      underWay: 0,
      version: 1,
    });
  });

  it("a write instead of which another was chosen is none of its own", async () => {
    const script = await ScriptedPuts.start();
    const put = script.put([script.pid]);
    await script.node.ask("a", "b");
    assertEquals(script.owner.registers.get(KEY)?.underWay, 1);
    // The write is lost; a rival's, which has not seen it, is chosen.
    await script.node.lose("a", "b", "c");
    script.node.rival(50, "r", "a", "b", "c");
    for (let i = 0; i < 8; i++) {
      await script.node.time.pass(200);
      await script.node.ask("a", "b");
    }
    assertEquals([put.outcome, script.owner.registers.size], ["theirs", 0]);
  });
});

describe("Puts: a local binding ends meanwhile (section 4)", () => {
  it("a put of a process that ends before its write is sent writes nothing", async () => {
    const script = await ScriptedPuts.start();
    const put = script.put([script.pid]);
    await script.node.ask("a");
    script.exit();
    await script.node.ask("b");
    await script.node.ask("a", "b");
    assertEquals([put.outcome, script.accepts("a")], ["invalid_value", []]);
  });

  it("a put bound to this node's own session writes nothing once that is over", async () => {
    const script = await ScriptedPuts.start();
    const put = script.put([{ kind: "node", session: script.owner.pid.session }]);
    await script.node.ask("a");
    script.node.core.session.end();
    await script.node.ask("b");
    await script.node.ask("a", "b");
    assertEquals([put.outcome, script.accepts("a")], ["invalid_value", []]);
  });

  it("one whose write was sent before ends as unknown, and does not write its value again", async () => {
    const script = await ScriptedPuts.start();
    const put = script.put([{ kind: "node", session: script.owner.pid.session }]);
    await script.node.ask("a", "b");
    script.promise(50, "b", "c");
    await script.node.ask("b", "c");
    script.node.core.session.end();
    await script.node.time.pass(600);
    await script.node.lose("a");
    for (let i = 0; i < 3; i++) await script.node.ask("b", "c");
    assertEquals(put.outcome, "unknown");
    // The second time it only makes sure that the register is absent.
    assertEquals(script.accepts("c").map((line) => line.includes("absent")), [false, true]);
  });

  it("a put for a process that has ended is not proposed at all", async () => {
    const script = await ScriptedPuts.start();
    script.table.end(script.owner);
    const put = script.put([script.pid]);
    await script.node.settle();
    assertEquals([put.outcome, await script.node.asked("a")], ["invalid_value", []]);
  });
});

/** Two members have no room for what they were asked last. */
async function full({ node }: ScriptedPuts): Promise<void> {
  await node.reply("b", { type: "full", tidying: false, missing: [] });
  await node.reply("c", { type: "full", tidying: false, missing: [] });
}

describe("Puts: a write that may have been chosen and released (section 4)", () => {
  it("counts from the first accept, even after later ones", async () => {
    const script = await ScriptedPuts.start();
    const put = script.put([LATER]);
    await script.node.ask("a", "b");
    // The first write reaches only a; a rival seals it there, and gets no further.
    await script.node.send("a");
    script.seal(40, "a");
    script.promise(50, "b", "c");
    await script.node.ask("b", "c");
    // The second one, above that, reaches no member that is asked in the end.
    await script.node.time.pass(600);
    await script.node.lose("a");
    await script.node.ask("b", "c");
    script.promise(90, "b", "c");
    await script.node.lose("a");
    await script.node.ask("b", "c");
    await script.node.time.pass(600);
    await script.node.lose("b");
    for (let i = 0; i < 4; i++) await script.node.ask("a", "c");
    assertEquals(put.outcome, "unknown");
    assertEquals(script.accepts("c").map((line) => line.includes("absent")), [false, false, true]);
  });

  it("is unknown also when there is no room for another attempt", async () => {
    const script = await ScriptedPuts.start();
    const put = script.put([LATER]);
    await script.node.ask("a", "b");
    script.promise(50, "b", "c");
    await script.node.ask("b", "c");
    await script.node.time.pass(600);
    await script.node.lose("a", "b", "c");
    await script.node.time.pass(600);
    // The second time to an attempt that adds nothing.
    await full(script);
    await full(script);
    assertEquals(put.outcome, "unknown");
    const other = script.put([LATER]);
    await full(script);
    await full(script);
    assertEquals(other.outcome, "full");
  });
});

describe("resolveBindings(): the bindings that a put may have (section 4)", () => {
  /** The result of binding to the process of `script`, once it is known. */
  function resolve(script: ScriptedPuts): { bindings: unknown } {
    const { core } = script.node;
    const result: { bindings: unknown } = { bindings: "pending" };
    resolveBindings(core, script.table, { pid: script.owner.pid }, core.limits()).then(
      (resolved) => result.bindings = resolved.ok ? resolved.bindings : resolved.reason,
      (error) => result.bindings = error.code,
    );
    return result;
  }

  it("a process only after its session was granted", async () => {
    const script = await ScriptedPuts.start({ withoutSession: true });
    script.node.core.session.open();
    const result = resolve(script);
    await script.node.ask("a");
    assertEquals(result.bindings, "pending");
    await script.node.ask("b");
    assertEquals(result.bindings, [script.pid]);
  });

  it("no process of a session that was never granted", async () => {
    const script = await ScriptedPuts.start({ withoutSession: true });
    script.node.core.session.open();
    const result = resolve(script);
    script.node.core.session.end();
    script.node.core.session.open();
    await script.node.ask("a", "b");
    assertEquals(result.bindings, pidEnded(script.owner.pid));
  });

  it("no process that has ended: that is known at once, without a quorum", async () => {
    const script = await ScriptedPuts.start({ withoutSession: true });
    script.table.end(script.owner);
    assertEquals([script.table.owner(script.owner.pid), script.table.size], [undefined, 0]);
    const result = resolve(script);
    await script.node.settle();
    assertEquals(result.bindings, pidEnded(script.owner.pid));
  });
});

describe("Puts: handed over (section 4)", () => {
  const request = (script: ScriptedPuts, pid = script.owner.pid, bindings = [script.pid]) => {
    // The header of its frame.
    script.node.engine.clock.observe(1);
    return {
      ...{ type: "handover", op: `${life(7)}/1`, pid, register: KEY } as const,
      ...{ value: VALUE, bindings, timeout: 1_000, since: 1 },
    };
  };

  it("is run for a process of this life, and answered again with the same outcome", async () => {
    const script = await ScriptedPuts.start();
    const answers = [1, 2].map(() => script.puts.handover(request(script)));
    await script.node.ask("a", "b");
    await script.node.ask("a", "b");
    for (const answer of answers) {
      const { outcome } = await answer;
      assertEquals(outcome, "written");
    }
    assertEquals(script.accepts("a").length, 1);
  });

  it("ends as `no_quorum` for an earlier life: that one may have run it", async () => {
    const script = await ScriptedPuts.start();
    const pid = { ...script.owner.pid, session: `x/${life(6)}/1` };
    const bindings: Binding[] = [{ kind: "pid", pid }];
    const { outcome } = await script.puts.handover(request(script, pid, bindings));
    assertEquals(outcome, "no_quorum");
  });

  it("is not answered if its counter is in the future: the counter would count for all later ones", async () => {
    const script = await ScriptedPuts.start();
    const future = { ...request(script), since: script.node.engine.clock.counter + 1 };
    await assertRejects(() => script.puts.handover(future));
    assertEquals((await script.node.asked("a")).length, 0);
  });

  it("is refused if it is not bound to that process", async () => {
    const script = await ScriptedPuts.start();
    const other: Binding = { kind: "pid", pid: { ...script.owner.pid, seq: 99 } };
    for (const bindings of [[], [LATER], [other]]) {
      const answer = script.puts.handover({
        ...request(script, script.owner.pid, bindings),
        op: `${life(7)}/${bindings.length + 10 + (bindings[0] === other ? 1 : 0)}`,
      });
      await script.node.settle();
      assertEquals((await script.node.asked("a")).length, 0);
      assertEquals((await answer).outcome, "invalid_value");
    }
  });
});

describe("Puts: settled values (sections 3 and 7)", () => {
  /**
   * The value that a node keeps after a put, and the outcome of the put; `lost`: the cluster is lost as its
   * last answer arrives.
   */
  async function kept(found: boolean, lost: boolean): Promise<[string, boolean]> {
    const script = await ScriptedPuts.start();
    const { node } = script;
    if (found) node.rival(5, "y", "a", "b", "c");
    node.engine.clock.observe(5);
    const put = script.put([]);
    if (!found) await node.ask("a", "b");
    await node.ask("a");
    await node.send("b");
    const heard = node.hear("b");
    // The answers have arrived; the code that awaits them has not continued.
    if (lost) node.core.settled.clear();
    await heard;
    return [put.outcome, node.core.settled.get(KEY) !== undefined];
  }

  it("a value that a put wrote or found is kept for the cluster in which it began", async () => {
    assertEquals(await kept(false, false), ["mine", true]);
    assertEquals(await kept(true, false), ["theirs", true]);
  });

  it("it is not kept if the cluster was lost between the last answer and the end", async () => {
    assertEquals(await kept(false, true), ["mine", false]);
    assertEquals(await kept(true, true), ["theirs", false]);
  });
});
