// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { encodeValue } from "../../lib/codec.ts";
import { resolveBindings } from "../../lib/kv/bindings.ts";
import { pidEnded } from "../../lib/kv/reasons.ts";
import { Puts } from "../../lib/kv/puts.ts";
import type { PutOutcome } from "../../lib/kv/store.ts";
import type { Binding } from "../../lib/paxos/register.ts";
import type { Owner } from "../../lib/owners/owner.ts";
import { ProcessTable } from "../../lib/owners/process_table.ts";
import { KEY, life, ScriptedNode, type ScriptOptions } from "../support/scripted_node.ts";
import { acceptRequest } from "../support/accept_request.ts";

/** The entry of the key in the list of `owner`. */
function listed({ registers }: Owner): { owned: boolean; unknown: number } {
  const { owned, unknown } = registers.get(KEY)!;
  return { owned, unknown };
}

const VALUE = encodeValue("x", 100);

/** A node that puts values, and one of its processes. */
class Script {
  readonly node: ScriptedNode;
  readonly table: ProcessTable;
  readonly puts: Puts;
  readonly owner: Owner;
  #operations = 0;

  private constructor(node: ScriptedNode) {
    this.node = node;
    this.table = new ProcessTable(node.core);
    this.puts = new Puts(node.core, this.table);
    this.owner = this.table.add();
  }

  static async start(options: ScriptOptions = {}): Promise<Script> {
    return new Script(await ScriptedNode.start(options));
  }

  /** Puts a value with these bindings; `outcome` is its result, once that is known. */
  put(bindings: readonly Binding[], timeout = Infinity): { outcome: string } {
    const op = `${life(9)}/${++this.#operations}`;
    const deadline = this.node.time.runtime.now() + timeout;
    const put = { op, register: KEY, value: VALUE, bindings };
    const result = { outcome: "pending" };
    this.puts.run(put, { deadline }, () => {}).then(
      (outcome) => result.outcome = show(outcome),
      (error) => result.outcome = error.code ?? error.message,
    );
    return result;
  }

  /** Bound to the process. */
  get pid(): Binding {
    return { kind: "pid", pid: this.owner.pid };
  }

  /** The process exits, and releases what it owns. */
  exit(): { released: boolean } {
    const state = { released: false };
    this.table.end(this.owner);
    this.table.release(this.owner).then(() => state.released = true);
    return state;
  }

  /** Has these members promise this ballot, so that they refuse lower ones. */
  promise(counter: number, ...members: string[]): void {
    for (const member of members) {
      const ballot = { counter, life: life("r") };
      const request = { id: 0, type: "prepare", register: KEY, ballot } as const;
      this.node.voter(member).handle(request, { node: "r", life: life("r") }, 0);
    }
  }

  /** These members accept its release at this ballot, over any state. */
  seal(counter: number, ...members: string[]): void {
    for (const member of members) {
      const ballot = { counter, life: life("r") };
      const state = { present: false, token: counter } as const;
      const accept = acceptRequest(KEY, ballot, state);
      this.node.voter(member).handle(accept, { node: "r", life: life("r") }, 0);
    }
  }

  /** The states that the node asks `member` to accept from now on. */
  accepts(member: string): string[] {
    return this.node.trace.filter((line) => line.startsWith(`${member}< accept`));
  }
}

function show(outcome: PutOutcome): string {
  return outcome.kind === "agreed" ? `${outcome.mine ? "mine" : "theirs"}` : outcome.kind;
}

const LATER: Binding = { kind: "until", time: 4_000_000_000_000 };

describe("Puts: a local binding ends meanwhile (section 4)", () => {
  it("a put of a process that ends before its write is sent writes nothing", async () => {
    const script = await Script.start();
    const put = script.put([script.pid]);
    await script.node.ask("a");
    script.exit();
    await script.node.ask("b");
    await script.node.ask("a", "b");
    assertEquals([put.outcome, script.accepts("a")], ["invalid_value", []]);
  });

  it("a put bound to this node's own session writes nothing once that is over", async () => {
    const script = await Script.start();
    const put = script.put([{ kind: "node", session: script.owner.pid.session }]);
    await script.node.ask("a");
    script.node.core.session.end();
    await script.node.ask("b");
    await script.node.ask("a", "b");
    assertEquals([put.outcome, script.accepts("a")], ["invalid_value", []]);
  });

  it("one whose write was sent before ends as unknown, and does not write its value again", async () => {
    const script = await Script.start();
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
    const script = await Script.start();
    script.table.end(script.owner);
    const put = script.put([script.pid]);
    await script.node.settle();
    assertEquals([put.outcome, await script.node.asked("a")], ["invalid_value", []]);
  });
});

describe("Puts: a write that may have been chosen and released (section 4)", () => {
  it("counts from the first accept, even after later ones", async () => {
    const script = await Script.start();
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
    const script = await Script.start();
    const put = script.put([LATER]);
    await script.node.ask("a", "b");
    script.promise(50, "b", "c");
    await script.node.ask("b", "c");
    await script.node.time.pass(600);
    await script.node.lose("a", "b", "c");
    await script.node.time.pass(600);
    await script.node.reply("b", { type: "full", tidying: false, missing: [] });
    await script.node.reply("c", { type: "full", tidying: false, missing: [] });
    assertEquals(put.outcome, "unknown");
    const other = script.put([LATER]);
    await script.node.reply("b", { type: "full", tidying: false, missing: [] });
    await script.node.reply("c", { type: "full", tidying: false, missing: [] });
    assertEquals(other.outcome, "full");
  });
});

describe("ProcessTable: a process that exits (section 4)", () => {
  it("releases the values that it is known to have written", async () => {
    const script = await Script.start();
    const put = script.put([script.pid]);
    await script.node.ask("a", "b");
    await script.node.ask("a", "b");
    assertEquals(put.outcome, "mine");
    const exit = script.exit();
    await script.node.ask("a", "b");
    assertEquals([exit.released, script.accepts("a").at(-1)], [
      true,
      "a< accept 2x absent@2, or prepare 7x",
    ]);
  });

  it("overwrites a value that may still appear, even if it sees none", async () => {
    const script = await Script.start();
    const put = script.put([script.pid], 1_000);
    await script.node.ask("a", "b");
    // Its accept is only in transit to c, for a long time.
    await script.node.lose("a", "b");
    const late = await script.node.asked("c");
    await script.node.time.pass(1_100);
    assertEquals(put.outcome, "no_quorum");
    await script.node.lose("a", "b", "c");
    const exit = script.exit();
    for (let i = 0; i < 3; i++) await script.node.ask("a", "b");
    assertEquals(exit.released, true);
    assertEquals(script.accepts("a").at(-1)?.replace(/\d+/g, "n"), "a< accept nx absent@n");
    // When it arrives, no proposer adopts it any more: the states of a and b are above it.
    for (const request of late) {
      if (request.type !== "accept") continue;
      script.node.voter("c").handle(request, { node: "x", life: life(9) }, 0);
    }
    const read = script.put([]);
    for (let i = 0; i < 3; i++) await script.node.ask("c", "a");
    assertEquals(read.outcome, "mine");
  });

  it("remembers an unknown write even if another one to the same key is known to have failed", async () => {
    const { owner } = await Script.start();
    owner.writes(KEY);
    owner.writes(KEY);
    owner.knows(KEY, false);
    assertEquals(listed(owner), { owned: false, unknown: 1 });
    owner.knows(KEY, false);
    assertEquals(owner.registers.size, 0);
    owner.writes(KEY);
    owner.knows(KEY, true);
    assertEquals(listed(owner), { owned: true, unknown: 0 });
  });

  it("retries until it is done", async () => {
    const script = await Script.start();
    script.put([script.pid]);
    await script.node.ask("a", "b");
    await script.node.ask("a", "b");
    const exit = script.exit();
    // The members have no room for a while: not even to prepare registers that they hold.
    script.promise(50, "a", "b", "c");
    await script.node.ask("a", "b", "c");
    await script.node.reply("a", { type: "full", tidying: false, missing: [] });
    await script.node.reply("b", { type: "full", tidying: false, missing: [] });
    assertEquals(exit.released, false);
    for (let i = 0; i < 10 && !exit.released; i++) {
      await script.node.time.pass(100);
      await script.node.ask("a", "b", "c");
    }
    assertEquals(exit.released, true);
  });

  it("stops when its session is over: then others release the values", async () => {
    const script = await Script.start();
    script.put([script.pid]);
    await script.node.ask("a", "b");
    await script.node.ask("a", "b");
    script.node.core.session.end();
    await script.node.lose("a", "b", "c");
    const exit = script.exit();
    await script.node.settle();
    assertEquals([exit.released, await script.node.asked("a")], [true, []]);
  });
});

describe("resolveBindings(): the bindings that a put may have (section 4)", () => {
  /** The result of binding to the process of `script`, once it is known. */
  function resolve(script: Script): { bindings: unknown } {
    const { core } = script.node;
    const result: { bindings: unknown } = { bindings: "pending" };
    resolveBindings(core, script.table, { pid: script.owner.pid }, core.limits()).then(
      (resolved) => result.bindings = resolved.ok ? resolved.bindings : resolved.reason,
      (error) => result.bindings = error.code,
    );
    return result;
  }

  it("a process only after its session was granted", async () => {
    const script = await Script.start({ withoutSession: true });
    script.node.core.session.open();
    const result = resolve(script);
    await script.node.ask("a");
    assertEquals(result.bindings, "pending");
    await script.node.ask("b");
    assertEquals(result.bindings, [script.pid]);
  });

  it("no process of a session that was never granted", async () => {
    const script = await Script.start({ withoutSession: true });
    script.node.core.session.open();
    const result = resolve(script);
    script.node.core.session.end();
    script.node.core.session.open();
    await script.node.ask("a", "b");
    assertEquals(result.bindings, pidEnded(script.owner.pid));
  });

  it("no process that has ended: that is known at once, without a quorum", async () => {
    const script = await Script.start({ withoutSession: true });
    script.table.end(script.owner);
    assertEquals([script.table.owner(script.owner.pid), script.table.size], [undefined, 0]);
    const result = resolve(script);
    await script.node.settle();
    assertEquals(result.bindings, pidEnded(script.owner.pid));
  });
});

describe("Puts: handed over (section 4)", () => {
  const request = (script: Script, pid = script.owner.pid, bindings = [script.pid]) => {
    // The header of its frame.
    script.node.engine.clock.observe(1);
    return {
      ...{ type: "handover", op: `${life(7)}/1`, pid, register: KEY } as const,
      ...{ value: VALUE, bindings, timeout: 1_000, since: 1 },
    };
  };

  it("is run for a process of this life, and answered again with the same outcome", async () => {
    const script = await Script.start();
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
    const script = await Script.start();
    const pid = { ...script.owner.pid, session: `x/${life(6)}/1` };
    const bindings: Binding[] = [{ kind: "pid", pid }];
    const { outcome } = await script.puts.handover(request(script, pid, bindings));
    assertEquals(outcome, "no_quorum");
  });

  it("is not answered if its counter is in the future: the counter would count for all later ones", async () => {
    const script = await Script.start();
    const future = { ...request(script), since: script.node.engine.clock.counter + 1 };
    await assertRejects(() => script.puts.handover(future));
    assertEquals((await script.node.asked("a")).length, 0);
  });

  it("is refused if it is not bound to that process", async () => {
    const script = await Script.start();
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
    const script = await Script.start();
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
