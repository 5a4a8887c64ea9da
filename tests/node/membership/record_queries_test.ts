// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { RecordQueries } from "../../../lib/node/membership/record_queries.ts";
import type { GenesisRecord, Header, Reply } from "../../../lib/paxos/messages.ts";
import { life, ScriptedNode } from "../../support/scripted_node.ts";

/** A client that does not know its cluster, and its conclusions. */
function script(): { node: ScriptedNode; recordQueries: RecordQueries; concluded: string[] } {
  const node = new ScriptedNode({});
  const concluded: string[] = [];
  const recordQueries = new RecordQueries(node.engine, {
    otherRecord: (record) => {
      concluded.push(record.id);
      node.engine.enter(record);
    },
    otherList: (error) => void concluded.push(error.code),
    fatal: (error) => void concluded.push(error.code),
  });
  return { node, recordQueries, concluded };
}

/** `member` answers question `id` with the record of this name. */
function answer(node: ScriptedNode, member: string, id: number, name = "g"): void {
  const record: GenesisRecord = { ...node.record, id: name };
  const reply: Reply = { id, type: "record", members: node.members, record };
  node.receive(member, { replies: [reply] });
}

/** The numbers of the questions sent to `a` since the last call. */
async function asked(node: ScriptedNode): Promise<number[]> {
  const numbers = (await node.asked("a")).map(({ id }) => id);
  await node.lose("a", "b", "c");
  return numbers;
}

describe("RecordQueries (section 7)", () => {
  it("believe a majority that answers one question", async () => {
    const { node, recordQueries, concluded } = script();
    recordQueries.start();
    const [id] = await asked(node);
    answer(node, "a", id);
    assertEquals(concluded, []);
    answer(node, "b", id);
    assertEquals(concluded, ["g"]);
    recordQueries.stop();
  });

  it("do not count answers to different questions together, nor different answers", async () => {
    const { node, recordQueries, concluded } = script();
    recordQueries.start();
    const [first] = await asked(node);
    answer(node, "a", first);
    await node.time.pass(30);
    const [second] = await asked(node);
    answer(node, "b", second);
    answer(node, "c", second, "other");
    assertEquals(concluded, []);
    answer(node, "a", second);
    assertEquals(concluded, ["g"]);
    recordQueries.stop();
  });

  it("wait for answers that take longer than the next question", async () => {
    const { node, recordQueries, concluded } = script();
    recordQueries.start();
    const [id] = await asked(node);
    // The node asks again and again meanwhile.
    await node.time.pass(3_000);
    assertEquals((await asked(node)).length > 3, true);
    answer(node, "a", id);
    answer(node, "c", id);
    assertEquals(concluded, ["g"]);
    recordQueries.stop();
  });

  it("conclude once: later answers to earlier questions have no effect", async () => {
    const { node, recordQueries, concluded } = script();
    recordQueries.start();
    const [first] = await asked(node);
    await node.time.pass(30);
    const [second] = await asked(node);
    for (const member of ["a", "b"]) answer(node, member, second);
    for (const member of ["a", "b"]) answer(node, member, first, "older");
    assertEquals(concluded, ["g"]);
    recordQueries.stop();
  });

  it("ask nothing while the cluster is known, except in doubt, and then at a limited rate", async () => {
    const node = await ScriptedNode.start({ withoutSession: true });
    const concluded: string[] = [];
    const recordQueries = new RecordQueries(node.engine, {
      otherRecord: ({ id }) => void concluded.push(id),
      otherList: ({ code }) => void concluded.push(code),
      fatal: ({ code }) => void concluded.push(code),
    });
    recordQueries.start();
    assertEquals(await asked(node), []);
    for (let i = 0; i < 5; i++) recordQueries.recheck();
    const numbers = await asked(node);
    assertEquals(numbers.length, 1);
    // It is the same record: nothing changes.
    for (const member of ["a", "b"]) answer(node, member, numbers[0]);
    assertEquals(concluded, []);
    await node.time.pass(1_001);
    recordQueries.recheck();
    const [next] = await asked(node);
    node.receive("a", {
      header: { ...node.header("a"), life: life(1) },
      replies: [{ id: next, type: "notAMember" }],
    });
    node.receive("b", { replies: [{ id: next, type: "notAMember" }] });
    assertEquals(concluded, ["not_a_member"]);
    recordQueries.stop();
  });

  it("a client waits for a majority of its list, and then for a while asks on whether that knows another cluster", async () => {
    const { node, recordQueries, concluded } = script();
    const alone = (id: number): Reply => ({
      ...{ id, type: "record", members: ["a"] },
      record: { ...node.record, id: "alone", lives: [life(9)] },
    });
    recordQueries.start();
    const [first] = await asked(node);
    node.receive("a", { replies: [alone(first)] });
    assertEquals(concluded, []);
    await node.time.pass(3_000);
    node.receive("a", { replies: [alone((await asked(node)).at(-1)!)] });
    assertEquals(concluded, ["alone"]);
    await node.time.pass(10_000);
    const next = (await asked(node)).at(-1)!;
    // Of its own record it learns meanwhile, though it goes on asking.
    const told = alone(next);
    if (told.type !== "record") throw new Error("no record");
    const { configuration: before } = node.engine;
    assertEquals(before.epoch, 0);
    const moved = {
      ...{ epoch: 1, joining: null, leaving: null, settled: true },
      members: [{ id: "a", life: life(9), since: 0 }],
    };
    node.receive("a", { replies: [{ ...told, configuration: moved, incarnations: [] }] });
    assertEquals(node.engine.configuration.epoch, 1);
    answer(node, "b", next);
    answer(node, "c", next);
    assertEquals(concluded, ["alone", "g"]);
    await node.time.pass(10_000);
    assertEquals(await asked(node), []);
    recordQueries.stop();
  });

  /** Member b, in doubt, hears from a process under its own id; returns the records that it accepts. */
  async function ofTwin(twin: Partial<Header>): Promise<string[]> {
    const node = await ScriptedNode.start({ self: "b", withoutSession: true });
    const concluded: string[] = [];
    const recordQueries = new RecordQueries(node.engine, {
      otherRecord: ({ id }) => void concluded.push(id),
      otherList: ({ code }) => void concluded.push(code),
      fatal: ({ code }) => void concluded.push(code),
    });
    node.frames.length = 0;
    recordQueries.recheck();
    const [id] = await asked(node);
    assertEquals(node.frames.some(({ to }) => to === "b"), true);
    // One of three is no majority; an answer under its own id does not count as another one.
    answer(node, "c", id, "later");
    const reply: Reply = {
      id,
      type: "record",
      members: node.members,
      record: { ...node.record, id: "later" },
    };
    node.receive("b", {
      header: { ...node.header("b"), genesis: "later", ...twin },
      replies: [reply],
    });
    recordQueries.stop();
    return concluded;
  }

  it("a member yields at once to a later process under its id that votes", async () => {
    assertEquals(await ofTwin({ life: life(10), incarnation: life(10) }), ["later"]);
  });

  it("a member does not yield to an earlier process, nor to one that does not vote", async () => {
    assertEquals(await ofTwin({ life: life(8), incarnation: life(8) }), []);
    assertEquals(await ofTwin({ life: life(10), incarnation: null }), []);
  });
});
