// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { bucketPrefix, registerId } from "../../../lib/codec.ts";
import type { ListedRegister } from "../../../lib/paxos/messages.ts";
import type { SessionId } from "../../../lib/paxos/register.ts";
import { MIN_TTL } from "../../../lib/paxos/sessions.ts";
import { KEY, life, ScriptedNode } from "../../support/scripted_node.ts";

const OLD: SessionId = `n/${life(4)}/1`;
const NEW: SessionId = `n/${life(4)}/2`;

/** The result of a question, once it is known. */
function outcomeOf<T>(promise: Promise<T>): { value: T | "pending" } {
  const outcome: { value: T | "pending" } = { value: "pending" };
  promise.then((value) => outcome.value = value, (error) => outcome.value = error.code);
  return outcome;
}

const limits = (node: ScriptedNode) => ({ deadline: node.time.runtime.now() + 2_000 });

function renew(node: ScriptedNode, session: SessionId, ...members: string[]): void {
  for (const member of members) {
    node.voter(member).sessions.renew(session, 5_000, 1, node.time.runtime.now());
  }
}

describe("QuorumQueries: sessionOf (section 4)", () => {
  it("returns the session that a quorum knows as the newest", async () => {
    const node = await ScriptedNode.start();
    renew(node, OLD, "a", "b", "c");
    renew(node, NEW, "a", "c");
    const found = outcomeOf(node.core.queries.sessionOf("n", limits(node)));
    await node.ask("a", "b");
    assertEquals(found.value, "pending");
    await node.ask("c");
    assertEquals(found.value, NEW);
  });

  it("a recovered member may have forgotten a session: its none does not count, nor that of a member that was cut off", async () => {
    const node = await ScriptedNode.start();
    renew(node, OLD, "c");
    node.crash("a", 2, "b", "c");
    node.voter("a").sessions.recover(node.time.runtime.now(), []);
    const found = outcomeOf(node.core.queries.sessionOf("n", limits(node)));
    await node.ask("a", "b", "c");
    assertEquals(found.value, "pending");
    renew(node, OLD, "a");
    await node.time.pass(400);
    await node.ask("a", "c");
    assertEquals(found.value, OLD);
  });

  it("returns none if a quorum knows none", async () => {
    const node = await ScriptedNode.start();
    renew(node, NEW, "c");
    const found = outcomeOf(node.core.queries.sessionOf("n", limits(node)));
    await node.ask("c", "a", "b");
    assertEquals(found.value, null);
  });

  it("is asked again in a new count when all have answered and no quorum agrees", async () => {
    const node = await ScriptedNode.start();
    renew(node, OLD, "a");
    renew(node, NEW, "b");
    const found = outcomeOf(node.core.queries.sessionOf("n", limits(node)));
    await node.send("a", "b", "c");
    await node.hear("a", "b", "c");
    assertEquals(found.value, "pending");
    renew(node, NEW, "c");
    await node.time.pass(400);
    // The answers to the first request no longer count: b has to answer again.
    await node.ask("c");
    assertEquals(found.value, "pending");
    await node.ask("b");
    assertEquals(found.value, NEW);
  });

  it("the quorum is crash-consistent", async () => {
    const node = await ScriptedNode.start();
    renew(node, OLD, "a", "b");
    const found = outcomeOf(node.core.queries.sessionOf("n", limits(node)));
    await node.ask("a");
    node.crash("a", 3, "b");
    await node.ask("b");
    assertEquals(found.value, "pending");
  });
});

describe("QuorumQueries: fence (section 6)", () => {
  it("a session has ended when a quorum has fenced it", async () => {
    const node = await ScriptedNode.start();
    const found = outcomeOf(node.core.queries.fence(OLD, limits(node)));
    await node.ask("a");
    assertEquals(found.value, "pending");
    await node.ask("b");
    assertEquals(found.value, true);
  });

  it("only answers to requests within one time to live count together: an older one is void", async () => {
    const node = await ScriptedNode.start();
    const found = outcomeOf(node.core.queries.fence(OLD, limits(node)));
    await node.send("a", "b", "c");
    // a's answer arrives at once, the others are lost; it is asked again after the shortest time to live.
    await node.hear("a");
    await node.time.pass(MIN_TTL);
    await node.lose("b", "c");
    await node.time.pass(400);
    await node.lose("a");
    await node.ask("b");
    assertEquals(found.value, "pending");
    await node.ask("c");
    assertEquals(found.value, true);
  });

  it("an answer to an earlier request does not count with those to a later one", async () => {
    const node = await ScriptedNode.start();
    const found = outcomeOf(node.core.queries.fence(OLD, limits(node)));
    await node.send("a");
    await node.time.pass(MIN_TTL);
    await node.lose("b", "c");
    await node.time.pass(400);
    // a's answer was in transit for all this time.
    await node.hear("a");
    await node.lose("a");
    await node.ask("b");
    assertEquals(found.value, "pending");
  });

  it("answers count after any number of later requests, as long as members keep what they fenced", async () => {
    for (const [delay, ended] of [[4_900, true], [5_000, "pending"]] as const) {
      // Sessions of this cluster live at most 5 s.
      const node = await ScriptedNode.start();
      const limits = { deadline: node.time.runtime.now() + 60_000 };
      const found = outcomeOf(node.core.queries.fence(OLD, limits));
      await node.send("a", "b");
      await node.time.pass(delay);
      await node.hear("a", "b");
      assertEquals(found.value, ended);
    }
  });

  it("the quorum is crash-consistent", async () => {
    const node = await ScriptedNode.start();
    const found = outcomeOf(node.core.queries.fence(OLD, limits(node)));
    await node.ask("a");
    node.crash("a", 3, "b");
    await node.ask("b");
    assertEquals(found.value, "pending");
  });
});

describe("QuorumQueries: remaining", () => {
  it("returns how long a quorum would still wait: the members that wait less do not make one", async () => {
    const node = await ScriptedNode.start();
    renew(node, OLD, "a", "b");
    const found = outcomeOf(node.core.queries.remaining(OLD, limits(node)));
    await node.ask("c", "a");
    assertEquals(found.value, 5_000);
  });

  it("a member that came back would wait for one that it does not know", async () => {
    const node = await ScriptedNode.start();
    renew(node, OLD, "c");
    node.crash("a", 2, "b", "c");
    node.voter("a").sessions.recover(node.time.runtime.now(), []);
    const found = outcomeOf(node.core.queries.remaining(OLD, limits(node)));
    // b was cut off from the node: its view alone must not have the session fenced.
    await node.ask("a", "b");
    assertEquals(found.value, 5_000);
  });

  it("a later session of the same node has no effect: two processes may run under one id", async () => {
    const node = await ScriptedNode.start();
    renew(node, OLD, "a", "b", "c");
    renew(node, `n/${life(5)}/1`, "a", "b", "c");
    const found = outcomeOf(node.core.queries.remaining(OLD, limits(node)));
    await node.ask("a", "b");
    assertEquals(found.value, 5_000);
  });

  it("is 0 when a quorum would not wait", async () => {
    const node = await ScriptedNode.start();
    renew(node, OLD, "a");
    const found = outcomeOf(node.core.queries.remaining(OLD, limits(node)));
    await node.ask("b", "c");
    assertEquals(found.value, 0);
  });
});

describe("QuorumQueries: hosts", () => {
  it("returns those that a quorum knows; the quorum is crash-consistent", async () => {
    const node = await ScriptedNode.start();
    node.voter("c").sessions.renew(NEW, 5_000, 1, node.time.runtime.now(), ["spec"]);
    const found = outcomeOf(node.core.queries.hosts("spec", limits(node)));
    await node.ask("a");
    node.crash("a", 3, "b");
    await node.ask("b");
    assertEquals(found.value, "pending");
    await node.ask("c");
    assertEquals(found.value, ["n"]);
  });
});

describe("QuorumQueries: end (section 6)", () => {
  it("ends when a quorum has answered and the others do not answer", async () => {
    const node = await ScriptedNode.start();
    const found = outcomeOf(node.core.queries.end(node.core.session.current, limits(node)));
    await node.ask("a", "b");
    await node.lose("c");
    await node.time.pass(400);
    await node.settle();
    assertEquals(found.value, true);
  });

  it("the quorum is crash-consistent", async () => {
    const node = await ScriptedNode.start();
    const found = outcomeOf(node.core.queries.end(node.core.session.current, limits(node)));
    await node.ask("a");
    node.crash("a", 3, "b");
    await node.ask("b");
    await node.lose("a", "c");
    await node.time.pass(400);
    await node.settle();
    assertEquals(found.value, "pending");
  });
});

describe("QuorumQueries: list (section 3)", () => {
  const SECOND = registerId("k", undefined, "other");
  const entry = (counter: number, more: Partial<ListedRegister> = {}): ListedRegister => ({
    register: KEY,
    ballot: { counter, life: life(8) },
    present: true,
    bound: false,
    copied: false,
    until: null,
    owners: 0,
    stale: [],
    fast: false,
    ...more,
  });
  const list = (node: ScriptedNode) =>
    outcomeOf(
      node.core.queries.list(bucketPrefix("k", undefined), limits(node)).then((found) =>
        Object.fromEntries(found)
      ),
    );

  /** The result of these lists of a and b. */
  async function listed(a: ListedRegister[], b: ListedRegister[]): Promise<unknown> {
    const node = await ScriptedNode.start();
    const found = list(node);
    await node.reply("a", { type: "listed", registers: a, more: false });
    await node.reply("b", { type: "listed", registers: b, more: false });
    return found.value;
  }

  it("compares long lists in parts: others get their turns meanwhile", async () => {
    const many = Array.from({ length: 500 }, (_, index) => {
      return { ...entry(5), register: registerId("k", undefined, index) };
    });
    const node = await ScriptedNode.start();
    const found = list(node);
    await node.reply("a", { type: "listed", registers: many, more: false });
    node.workTime = 5;
    await node.reply("b", { type: "listed", registers: many.slice(1), more: false });
    assertEquals(found.value, "pending");
    await node.time.pass(1);
    const presence = (index: number) => index === 0 ? "unsure" : "present";
    assertEquals(
      found.value,
      Object.fromEntries(many.map((one, i) => [one.register, presence(i)])),
    );
  });

  it("compares the lists of no more than eight callers at the same time", async () => {
    const many = Array.from({ length: 500 }, (_, index) => {
      return { ...entry(5), register: registerId("k", undefined, index) };
    });
    const node = await ScriptedNode.start();
    const wanted = { deadline: node.time.runtime.now() + 100_000 };
    let ended = 0;
    for (let caller = 0; caller < 24; caller++) {
      void node.core.queries.list(bucketPrefix("k", undefined), wanted).then(() => ended++);
    }
    node.workTime = 5;
    for (const member of ["a", "b"]) {
      await node.reply(member, { type: "listed", registers: many, more: false });
    }
    // The lists of one caller are being compared: it has not made room for another one.
    assertEquals([ended, (await node.asked("a")).length], [0, 8]);
    node.workTime = 0;
    await node.time.pass(1);
    assertEquals([ended, (await node.asked("a")).length], [1, 9]);
  });

  it("compares no more of them once the caller has gone", async () => {
    const many = Array.from({ length: 500 }, (_, index) => {
      return { ...entry(5), register: registerId("k", undefined, index) };
    });
    const node = await ScriptedNode.start();
    const aborter = new AbortController();
    const wanted = { ...limits(node), signal: aborter.signal };
    const found = node.core.queries.list(bucketPrefix("k", undefined), wanted).then(
      () => "listed",
      (reason) => reason,
    );
    await node.reply("a", { type: "listed", registers: many, more: false });
    node.workTime = 5;
    await node.reply("b", { type: "listed", registers: many, more: false });
    aborter.abort("unwanted");
    assertEquals(await found, "unwanted");
  });

  it("returns the union of the lists of a quorum", async () => {
    const other = { ...entry(7), register: SECOND };
    assertEquals(await listed([entry(5)], [other]), { [KEY]: "unsure", [SECOND]: "unsure" });
  });

  it("reports an unbound value with votes of a quorum at one ballot as present", async () => {
    assertEquals(await listed([entry(5)], [entry(5)]), { [KEY]: "present" });
  });

  it("reports that every other value has to be read", async () => {
    const unsure = { [KEY]: "unsure" };
    assertEquals(await listed([entry(5)], []), unsure);
    assertEquals(await listed([entry(5)], [entry(6)]), unsure);
    const otherLife = { ballot: { counter: 5, life: life(7) } };
    assertEquals(await listed([entry(5)], [entry(5, otherLife)]), unsure);
    assertEquals(await listed([entry(5)], [entry(5, { copied: true })]), unsure);
    const bound = { bound: true };
    assertEquals(await listed([entry(5, bound)], [entry(5, bound)]), unsure);
    assertEquals(await listed([entry(5)], [entry(5, bound)]), unsure);
  });

  it("reports votes of a fast round as present if one of a quorum is marked (section 3a)", async () => {
    const fast = { fast: true };
    assertEquals(await listed([entry(5, fast)], [entry(5, fast)]), { [KEY]: "unsure" });
    assertEquals(await listed([entry(5, fast)], [entry(5)]), { [KEY]: "present" });
  });

  it("omits values that a quorum has released, and values whose time has passed", async () => {
    const absent = { present: false };
    assertEquals(await listed([entry(5, absent)], [entry(5, absent)]), {});
    // The release is being written again, or forgotten.
    assertEquals(await listed([entry(5, absent)], [entry(6, absent)]), {});
    assertEquals(await listed([entry(5, absent)], []), {});
    // The wall clock of virtual time.
    const ended = { until: 1_800_000_000_000 };
    assertEquals(await listed([entry(5, ended)], [entry(5, ended)]), {});
    const later = { until: 1_800_000_009_000 };
    assertEquals(await listed([entry(5, later)], [entry(5, later)]), { [KEY]: "present" });
    // Either of them may be chosen.
    assertEquals(await listed([entry(5, ended)], [entry(6, ended)]), {});
    assertEquals(await listed([entry(5, ended)], [entry(6, absent)]), {});
    assertEquals(await listed([entry(5, ended)], [entry(6)]), { [KEY]: "unsure" });
  });

  it("names the sessions that a whole quorum believes expired, and reports whether there are others", async () => {
    const depends = (owners: number, ...stale: string[]) => entry(5, { owners, stale });
    assertEquals(await listed([depends(1)], [depends(1, OLD)]), { [KEY]: "present" });
    assertEquals(await listed([depends(1, OLD)], [depends(1, OLD)]), {
      [KEY]: { stale: [OLD], all: true, sure: true },
    });
    assertEquals(await listed([depends(2, OLD, NEW)], [depends(2, NEW)]), {
      [KEY]: { stale: [NEW], all: false, sure: true },
    });
    const absent = entry(6, { present: false });
    assertEquals(await listed([depends(1, OLD)], [absent]), {
      [KEY]: { stale: [OLD], all: true, sure: false },
    });
  });

  it("pieces from two incarnations do not make one list", async () => {
    const node = await ScriptedNode.start();
    const found = list(node);
    await node.reply("b", { type: "listed", registers: [], more: false });
    await node.reply("a", { type: "listed", registers: [entry(5)], more: true });
    const rest = { type: "listed", registers: [], more: false } as const;
    await node.reply("a", rest, { incarnation: life(3), vector: [life(3), life(1), life(1)] });
    // It begins again, so it does not list registers of only the earlier memory.
    assertEquals(found.value, "pending");
    const asked = (await node.asked("a")).at(-1)!;
    assertEquals(asked.type === "list" && asked.after, "");
    await node.reply("a", rest, { incarnation: life(3), vector: [life(3), life(1), life(1)] });
    assertEquals(found.value, {});
  });

  it("does not count a list from before a crash with one that knows of the crash", async () => {
    const node = await ScriptedNode.start();
    const found = list(node);
    // b listed nothing, and crashed; the state that it accepted with c before the crash is in its copy of c.
    await node.reply("b", { type: "listed", registers: [], more: false });
    const vector = [life(1), life(2), life(1)];
    await node.reply("a", { type: "listed", registers: [], more: false }, { vector });
    assertEquals(found.value, "pending");
    // The list of b is requested again, from its new incarnation.
    const copy = entry(5, { copied: true });
    const again = { incarnation: life(2), vector };
    await node.reply("b", { type: "listed", registers: [copy], more: false }, again);
    assertEquals(found.value, { [KEY]: "unsure" });
  });

  it("nor in the other order: the recovered member reports its crash", async () => {
    const node = await ScriptedNode.start();
    const found = list(node);
    await node.reply("a", { type: "listed", registers: [], more: false });
    const crashed = { incarnation: life(2), vector: [life(2), life(2), life(1)] };
    await node.reply("b", { type: "listed", registers: [entry(5)], more: false }, crashed);
    assertEquals(found.value, "pending");
    const back = { incarnation: life(2), vector: crashed.vector };
    await node.reply("a", { type: "listed", registers: [], more: false }, back);
    assertEquals(found.value, { [KEY]: "unsure" });
  });
});
