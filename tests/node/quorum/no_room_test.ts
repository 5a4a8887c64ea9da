// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { SynodError } from "../../../lib/errors.ts";
import type { RegisterChange } from "../../../lib/paxos/change.ts";
import type { Request } from "../../../lib/paxos/messages.ts";
import type { ChangeOptions } from "../../../lib/node/quorum/change_options.ts";
import { look, release, setOnce } from "../../paxos/support/changes.ts";
import { KEY, ScriptedNode, sendable } from "../../support/scripted_node.ts";

/** c has no room, and released registers wait for a. */
const FULL = { type: "full", tidying: false, missing: ["a"] } as const;

/** Proposes `change` for at most 2 s; `error` is the error with which it ended. */
function propose(
  node: ScriptedNode,
  change: RegisterChange<unknown>,
  options: Partial<ChangeOptions> = {},
): { error?: string } {
  const outcome: { error?: string } = {};
  const deadline = node.time.runtime.now() + 2_000;
  node.core.proposals.change(KEY, sendable(change), { deadline, ...options }).catch((error) => {
    outcome.error = error instanceof SynodError ? `${error.code}: ${error.message}` : String(error);
  });
  return outcome;
}

/** The same of a member that makes room. */
const TIDYING = { ...FULL, tidying: true } as const;

const NO_QUORUM = "no_quorum: No quorum of the members answered in time";

describe("Proposals: one member is full, and one is away (section 8)", () => {
  it("a change that needs room ends as `full` at its time limit, with the names", async () => {
    const node = await ScriptedNode.start();
    const put = propose(node, setOnce("x"));
    await node.ask("b");
    await node.reply("c", FULL);
    await node.time.pass(1_990);
    assertEquals(put.error, undefined);
    await node.time.pass(20);
    await node.settle();
    assertEquals(
      put.error,
      "full: No room for a new key, or for a longer value: maxKeys or maxBytes is reached; released keys stay until these " +
        "members are back: a; these members have not answered: a",
    );
  });

  it("a change that adds no new value ends as `no_quorum`", async () => {
    const node = await ScriptedNode.start();
    const read = propose(node, look, { reserve: true });
    await node.ask("b");
    await node.reply("c", FULL);
    await node.time.pass(2_010);
    await node.settle();
    assertEquals(read.error, NO_QUORUM);
  });

  it("a change that has sent a value, which may still take effect, ends as `no_quorum`, too", async () => {
    const node = await ScriptedNode.start();
    const put = propose(node, setOnce("x"));
    await node.ask("b", "c");
    node.rival(50, "r", "b", "c");
    await node.ask("b", "c");
    await node.time.pass(700);
    await node.reply("c", FULL);
    await node.time.pass(1_400);
    await node.settle();
    assertEquals(put.error, NO_QUORUM);
  });

  it("a change that adds no new value does not wait for a change that needs room", async () => {
    const node = await ScriptedNode.start();
    node.rival(5, "x", "a", "b");
    node.engine.clock.observe(5);
    propose(node, setOnce("y"), { deadline: Infinity });
    await node.ask("b");
    await node.reply("c", FULL);
    let released = false;
    const { proposals } = node.core;
    void proposals.change(KEY, release, { deadline: Infinity, reserve: true }).then(() =>
      released = true
    );
    for (let i = 0; i < 20; i++) {
      await node.time.pass(100);
      for (const request of await node.asked("c")) {
        const needsRoom = request.type === "prepare" && request.reserve !== true;
        if (needsRoom) await node.lose("c");
        else await node.ask("b", "c");
      }
    }
    assertEquals(released, true);
  });

  it("a change that waits at the gate when a way opens is over with its last answer", async () => {
    const node = await ScriptedNode.start();
    const { engine, time, core } = node;
    let isDone = false;
    const limits = { deadline: Infinity };
    void core.proposals.change(KEY, sendable(setOnce("x")), limits).then(() => isDone = true);
    await node.reply("c", FULL);
    // It leaves the gate, which is full when it comes back.
    await time.pass(70);
    const leave = Array.from({ length: 2_000 }, () => engine.gate.enter(() => {}));
    await time.pass(70);
    await node.send("c");
    await node.hear("c");
    core.pacing.reached();
    for (const one of leave) one();
    await node.ask("b", "c");
    await node.ask("b", "c");
    assertEquals(isDone, true);
    await time.pass(5_000);
    assertEquals(node.handed.filter((event) => !event.endsWith(" votes")), []);
  });

  it("a release goes on without the change of its round that members have no room for", async () => {
    const node = await ScriptedNode.start();
    node.rival(5, "x", "a", "b", "c");
    node.engine.clock.observe(5);
    // The others wait for this one, and so are made in one round.
    propose(node, look, { deadline: Infinity, mustWrite: true });
    let released = false;
    const { proposals } = node.core;
    void proposals.change(KEY, release, { deadline: Infinity, reserve: true }).then(
      () => released = true,
      () => {},
    );
    const put = propose(node, setOnce("y".repeat(10_000)), { deadline: Infinity });
    const rooms: unknown[] = [];
    for (let i = 0; i < 12; i++) {
      for (const request of await node.asked("c")) {
        const { type, grows, reserve } = request as Request & Record<string, unknown>;
        if (type === "prepare") rooms.push(reserve ?? grows);
        if (Number(grows ?? 0) <= 4_096) await node.ask("b", "c");
        else {
          await node.lose("b", "c");
          await node.reply("b", FULL);
          await node.reply("c", FULL);
        }
      }
      await node.time.pass(10);
    }
    assertEquals(released, true);
    assertEquals(put.error?.slice(0, 4), "full");
    // The look, both, both with what they add, both without it, and the release alone.
    assertEquals(rooms, [4_096, true, 9_999, undefined, true]);
  });

  it("the members are told which proposals may use their reserve", async () => {
    for (const options of [{}, { reserve: true }, { sweep: true }] as const) {
      const node = await ScriptedNode.start();
      propose(node, look, options);
      const [request] = await node.asked("b");
      const { type, id: _, register: _r, ballot: _b, ...told } = request as
        & Request
        & Record<string, unknown>;
      // Little, as for entries of a lock, if it says nothing.
      assertEquals([type, told], [
        "prepare",
        "reserve" in options || "sweep" in options ? options : { grows: 4_096 },
      ]);
    }
  });
});

describe("Proposals: members had no room, and then that is not what is missing (section 8)", () => {
  /** A change that meets b and c while they make room. */
  async function meetsFull(deadline: number, change: RegisterChange<unknown> = setOnce("x")) {
    const node = await ScriptedNode.start();
    const put = propose(node, change, { deadline: node.time.runtime.now() + deadline });
    // The second time it asks for no more than it needs.
    for (const member of ["b", "c", "b", "c"]) await node.reply(member, TIDYING);
    await node.lose("a", "b", "c");
    return { node, put };
  }

  /** Passes time; b and c answer each request that it has no room for, as long as they are asked. */
  async function staysFull(node: ScriptedNode, time: number) {
    for (let i = 0; i < time; i += 10) {
      if ((await node.asked("c")).length > 0) {
        for (const member of ["b", "c", "b", "c"]) await node.reply(member, TIDYING);
        await node.lose("a", "b", "c");
      }
      await node.time.pass(10);
    }
  }

  it("while they go on to have none, it ends as `full` at its time limit", async () => {
    const { node, put } = await meetsFull(2_000);
    await staysFull(node, 2_010);
    assertEquals(put.error?.slice(0, 5), "full:");
  });

  it("if they answer no more, it ends as `no_quorum`", async () => {
    const { node, put } = await meetsFull(2_000);
    await node.time.pass(2_010);
    await node.settle();
    assertEquals(put.error, NO_QUORUM);
  });

  it("if they have promised since, and then do not answer what it writes, too", async () => {
    const { node, put } = await meetsFull(2_000, look);
    await staysFull(node, 1_000);
    const { time } = node;
    let left = 0;
    while ((await node.asked("c")).length === 0 && left++ < 900) await time.pass(1);
    node.rival(1, "x", "b");
    await node.ask("b", "c");
    const [request] = await node.asked("c");
    assertEquals(request.type, "accept");
    // Sooner than it is sent again.
    time.stall(1_000);
    await time.pass(0);
    await node.settle();
    assertEquals(put.error, NO_QUORUM);
  });

  it("a silence is no wait for room: after it they have time again to make some", async () => {
    const { node, put } = await meetsFull(Infinity);
    await staysFull(node, 1_000);
    await node.time.pass(10_000);
    await node.lose("a", "b", "c");
    await staysFull(node, 4_500);
    assertEquals(put.error, undefined);
    await staysFull(node, 1_500);
    assertEquals(put.error?.slice(0, 5), "full:");
  });
});
