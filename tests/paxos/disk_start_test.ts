// Runs in Deno alone: pure state machines; model/storage_test.ts searches their histories.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  admitted,
  type Configuration,
  firstConfiguration,
  joinedBy,
  settledOf,
  undone,
  withoutMember,
} from "../../lib/paxos/configuration.ts";
import { type DiskEvent, DiskStart } from "../../lib/paxos/disk_start.ts";
import type { KnownIncarnations } from "../../lib/paxos/incarnations.ts";
import type { GenesisRecord, GenesisReply, Header } from "../../lib/paxos/messages.ts";

const MEMBERS = ["a", "b", "c"];
const FOUR = ["a", "b", "c", "d"];
const RECORD: GenesisRecord = {
  id: "g",
  lives: ["1", "1", "1"],
  floor: 0,
  maxTtl: 1_000,
  clients: false,
};

/** A member with the disk of incarnation `1`, in life `5`, and what it asks. */
function starting(members: readonly string[] = MEMBERS, given = members) {
  let number = 0;
  const configuration = firstConfiguration(members, members.map(() => "1"));
  const memory = { record: RECORD, configuration, incarnation: "1", known: [] };
  const nextId = () => ++number;
  const start = new DiskStart({ self: "a", members: given, life: "5", memory, nextId });
  start.tick();
  return start;
}

function headerOf(life: string, incarnation: string | null, vector: readonly string[]): Header {
  return { life, clock: 0, genesis: "g", epoch: 0, incarnation, vector };
}

/** Gives the answer of `from` to what is asked of it now. */
function answer(start: DiskStart, from: string, header: Header, reply: GenesisReply) {
  const asked = start.open().find(({ to }) => to === from);
  assert(asked !== undefined, `${from} is asked nothing`);
  return start.receive(from, header, { id: asked.request.id, ...reply }).event;
}

function votes(start: DiskStart, from: string, record = RECORD): DiskEvent | undefined {
  const header = headerOf("2", "2", MEMBERS.map((id) => id === from ? "2" : "1"));
  return answer(start, from, header, { type: "record", members: MEMBERS, record });
}

function hasDisk(
  start: DiskStart,
  from: string,
  life = "2",
  incarnation = "1",
  members = MEMBERS,
): DiskEvent | undefined {
  const reply = { type: "stored", members, record: RECORD, epoch: 0 } as const;
  const vector = members.map(() => "1");
  return answer(start, from, headerOf(life, null, []), { ...reply, incarnation, vector });
}

function isBlank(start: DiskStart, from: string): DiskEvent | undefined {
  const reply = { type: "blank", members: MEMBERS, wall: 0, recovering: false } as const;
  return answer(start, from, headerOf("2", null, []), reply);
}

describe("DiskStart (section 7)", () => {
  it("writes its life after the first round, and announces it after the second", () => {
    const start = starting();
    assertEquals(start.incarnation, "1");
    assertEquals(hasDisk(start, "b"), undefined);
    assertEquals(start.tick().event, { type: "writeLife" });
    assertEquals(start.open(), []);
    assertEquals(start.incarnation, "1");
    start.lifeWritten();
    assertEquals(start.incarnation, "5");
    hasDisk(start, "b");
    assertEquals(start.tick().event, { type: "announce" });
    assert(!start.hasStarted);
    const raised = answer(start, "b", headerOf("2", null, []), { type: "raised" });
    assertEquals(raised, { type: "start" });
    assertEquals(start.open().map(({ to }) => to), ["c"]);
    assert(!start.isDone);
    answer(start, "c", headerOf("3", null, []), { type: "raised" });
    assert(start.isDone);
  });

  it("announces nothing to a member that was removed after its start", () => {
    const start = starting();
    hasDisk(start, "b");
    start.tick();
    start.lifeWritten();
    hasDisk(start, "b");
    start.tick();
    answer(start, "b", headerOf("2", null, []), { type: "raised" });
    assertEquals([start.hasStarted, start.isDone], [true, false]);
    assert(start.follow(withoutMember(firstConfiguration(MEMBERS, ["1", "1", "1"]), "c"), []));
    assertEquals([start.hasStarted, start.isDone, start.open()], [true, true, []]);
  });

  it("recovers from the others if enough are operational", () => {
    const start = starting();
    votes(start, "b");
    assertEquals(votes(start, "c"), { type: "writeLife" });
    start.lifeWritten();
    votes(start, "b");
    assertEquals(votes(start, "c"), { type: "recover" });
    // It goes on asking: the others may stop before it has recovered. But it does not ask at every answer.
    assertEquals(start.tick().ask.map(({ to }) => to), ["b", "c"]);
    const asked = start.open().map(({ to, request }) => ({ to, id: request.id }));
    const votesOf = (id: string) => MEMBERS.map((member) => id === member ? "2" : "1");
    const tellsOf = ({ to, id }: { to: string; id: number }) =>
      start.receive(to, headerOf("2", "2", votesOf(to)), {
        ...{ id, type: "record", members: MEMBERS, record: RECORD },
      });
    assertEquals(asked.map((one) => tellsOf(one).ask.map(({ to }) => to)), [[], ["b", "c"]]);
    const again = start.open().map(({ to, request }) => ({ to, id: request.id }));
    assertEquals(again.map(tellsOf), [
      { ask: [] },
      { ask: [], event: { type: "recover" } },
    ] as never);
    hasDisk(start, "b", "3", "2");
    hasDisk(start, "c", "3", "2");
    hasDisk(start, "b", "3", "2");
    assertEquals(hasDisk(start, "c", "3", "2"), { type: "announce" });
  });

  it("counts no answers of members without a memory", () => {
    const start = starting();
    isBlank(start, "b");
    assertEquals(isBlank(start, "c"), undefined);
    assertEquals(start.tick().event, undefined);
    assertEquals(start.open().map(({ to }) => to), ["b", "c"]);
  });

  it("begins again when a member answers the second round in another life", () => {
    const start = starting();
    hasDisk(start, "b");
    start.tick();
    start.lifeWritten();
    hasDisk(start, "b", "3");
    assertEquals(start.tick().event, undefined);
    hasDisk(start, "b", "3");
    assertEquals(start.tick().event, undefined);
    hasDisk(start, "b", "3");
    assertEquals(start.tick().event, { type: "announce" });
  });

  it("puts its disk aside when another member knows of a later memory, and takes no own life for one", () => {
    const start = starting();
    const reply = { type: "record", members: MEMBERS, record: RECORD } as const;
    const stale = answer(start, "b", headerOf("2", "2", ["3", "2", "1"]), reply);
    assertEquals(stale, { type: "putAside", why: "stale" });
    const other = starting();
    assertEquals(answer(other, "b", headerOf("2", "2", ["5", "2", "1"]), reply), undefined);
    assertEquals(other.tick().event, { type: "writeLife" });
  });

  it("puts its disk aside when living members have another genesis, in both rounds", () => {
    const start = starting();
    const record = { ...RECORD, id: "h" };
    for (const id of ["b", "c"]) votes(start, id, record);
    assertEquals(start.tick().event, undefined);
    votes(start, "b", record);
    assertEquals(votes(start, "c", record), { type: "putAside", why: "foreign" });
  });

  it("keeps its disk as long as a majority may remember, whatever the others live under", () => {
    const start = starting();
    for (let round = 0; round < 4; round++) {
      votes(start, "b", { ...RECORD, id: "h" });
      assertEquals(start.tick().event, undefined);
    }
  });

  it("tells of another list of a member that it asked, before the first change of the members", () => {
    const start = starting();
    const reply = { type: "membersMismatch", members: ["a", "b"] } as const;
    const header = headerOf("2", null, []);
    const { id } = start.open()[0].request;
    const told = (from: string, number: number) =>
      start.receive(from, header, { id: number, ...reply }).event;
    assertEquals([told("b", id + 9), told("b", 0), told("x", id)], [
      undefined,
      undefined,
      undefined,
    ]);
    const event = { type: "membersMismatch", node: "b", members: ["a", "b"] } as const;
    assertEquals(told("b", id), event);
    start.follow({ ...start.configuration, epoch: 2 }, []);
    assertEquals(answer(start, "b", header, reply), undefined);
  });

  it("follows its disk, whatever the order of the lists that it and others were given", () => {
    const start = starting(MEMBERS, ["c", "b", "a"]);
    const asked = start.open().map(({ request }) => "members" in request && request.members);
    assertEquals(asked, [MEMBERS, MEMBERS]);
    const members = ["b", "a", "c"];
    const header = headerOf("2", null, []);
    // Lives in a record have the order of its list.
    const enquire = { type: "enquire", members, purpose: "record", round: 1 } as const;
    const stored = start.answer("b", header, enquire);
    assertEquals(stored?.type === "stored" && stored.members, MEMBERS);
    // A node without a memory compares the order.
    assertEquals(answer(start, "c", header, { type: "membersMismatch", members }), undefined);
    hasDisk(start, "b", "2", "1", members);
    assertEquals(start.tick().event, { type: "writeLife" });
    start.lifeWritten();
    hasDisk(start, "b");
    assertEquals(start.tick().event, { type: "announce" });
  });

  it("asks the members of a cluster of another genesis that has it as a member, and puts its disk aside for those", () => {
    const start = starting();
    const lives = (from: string, id: string) => {
      const header = headerOf("2", "2", ["1", "2", "2"]);
      const record = { ...RECORD, id };
      const configuration = { ...firstConfiguration(["a", "b", "d"], ["3", "2", "2"]), epoch: 2 };
      // Their list is not the one that this member was given.
      const reply = { type: "record", members: ["a", "b", "d"], record, configuration } as const;
      return answer(start, from, header, { ...reply, incarnations: [] });
    };
    lives("b", "h");
    assertEquals(start.open().map(({ to }) => to), ["c", "d"]);
    // No other node is heard, and this one not about the genesis of the disk.
    isBlank(start, "d");
    lives("d", "g");
    assertEquals(start.open().map(({ to }) => to), ["c", "d"]);
    lives("d", "h");
    assertEquals(start.tick().event, undefined);
    lives("b", "h");
    lives("d", "h");
    assertEquals(start.tick().event, { type: "putAside", why: "foreign" });
  });

  it("is not put aside for a process of a cluster from before it", () => {
    const start = starting();
    const record = { ...RECORD, id: "h", lives: ["1", "1"] };
    const old = { type: "record", members: ["a", "b"], record } as const;
    for (let round = 0; round < 4; round++) {
      assertEquals(answer(start, "b", headerOf("2", "1", ["1", "1"]), old), undefined);
      assertEquals(start.tick().event, undefined);
    }
  });

  it("looks again while it announces: the others may live under another genesis by then", () => {
    const start = starting();
    hasDisk(start, "b");
    start.tick();
    start.lifeWritten();
    hasDisk(start, "b");
    assertEquals([start.tick().event, start.isAnnouncing], [{ type: "announce" }, true]);
    assertEquals(start.open()[0].request.type, "announce");
    start.lookAgain();
    assertEquals([start.open()[0].request.type, start.isAnnouncing], ["enquire", false]);
    const record = { ...RECORD, id: "h" };
    for (const id of ["b", "c"]) votes(start, id, record);
    votes(start, "b", record);
    assertEquals(votes(start, "c", record), { type: "putAside", why: "foreign" });
    const other = starting();
    hasDisk(other, "b");
    other.lookAgain();
    assertEquals(other.tick().event, { type: "writeLife" }, "nothing is announced yet");
  });

  it("takes no disk of another genesis for one of this", () => {
    const start = starting();
    const record = { ...RECORD, id: "h" };
    const reply = { type: "stored", members: MEMBERS, record, epoch: 0 } as const;
    const vector = ["1", "1", "1"];
    answer(start, "b", headerOf("2", null, []), { ...reply, incarnation: "1", vector });
    assertEquals(start.tick().event, undefined);
    // Nor an answer of another epoch.
    answer(start, "b", headerOf("2", null, []), {
      ...{ ...reply, record: RECORD, epoch: 1 },
      ...{ incarnation: "1", vector },
    });
    assertEquals(start.tick().event, undefined);
  });

  it("does not count a disk that is older than it knows", () => {
    const start = starting();
    start.incarnations.raise("b", "2");
    hasDisk(start, "b");
    assertEquals(start.tick().event, undefined);
  });

  it("begins again under a newer configuration that a member tells, by its vote or from its disk", () => {
    const settled = { ...firstConfiguration(MEMBERS, ["1", "1", "1"]), epoch: 2 };
    const news = { configuration: settled, incarnations: [["b", "2"]] as const };
    const follow = { type: "follow", configuration: settled, known: [["b", "2"]] } as const;
    const vector = ["1", "2", "1"];
    const others = ["c", "b", "a"];
    const header = { ...headerOf("2", "2", vector), epoch: 2 };
    const record = { type: "record", members: others, record: RECORD, ...news } as const;
    assertEquals(answer(starting(), "b", header, record), follow);
    const stored = { type: "stored", members: others, record: RECORD, incarnation: "2" } as const;
    const reply = { ...stored, vector, epoch: 2, ...news };
    assertEquals(answer(starting(), "b", headerOf("2", null, []), reply), follow);
    // Of another genesis it says nothing.
    const foreign = { ...reply, record: { ...RECORD, id: "h" } };
    assertEquals(answer(starting(), "b", headerOf("2", null, []), foreign), undefined);
    // Under it, the lists that were given do not count any more.
    const memory = { record: RECORD, configuration: settled, incarnation: "1", known: [] };
    let number = 0;
    const start = new DiskStart({
      ...{ self: "a", members: MEMBERS, life: "5", memory, nextId: () => ++number },
    });
    start.tick();
    answer(start, "b", headerOf("2", null, []), reply);
    assertEquals(start.tick().event, { type: "writeLife" });
    const enquire = { type: "enquire", members: others, purpose: "record", round: 1 } as const;
    const told = start.answer("b", headerOf("2", null, []), enquire);
    assert(told?.type === "stored");
    assertEquals([told.epoch, told.configuration], [2, settled]);
  });

  it("alone, takes its disk without an answer", () => {
    const start = starting(["a"]);
    start.lifeWritten();
    assertEquals(start.tick().event, { type: "announce" });
    assertEquals(start.tick().event, { type: "start" });
    assert(start.isDone);
  });

  it("of what it has copied takes nothing before it is told that it is a member", () => {
    const two = joinedBy(firstConfiguration(["b"], ["1"]), { id: "a", life: "4" });
    const memory = { record: RECORD, configuration: two, incarnation: "4", known: [] };
    let number = 0;
    const start = new DiskStart({
      ...{ self: "a", members: ["b", "a"], life: "5", memory, nextId: () => ++number },
    });
    start.tick();
    const stored = { type: "stored", members: ["b"], record: RECORD, incarnation: "1" } as const;
    const old = { ...stored, epoch: 1, vector: ["1", "4"], configuration: two, incarnations: [] };
    const header = headerOf("2", null, []);
    for (let round = 0; round < 4; round++) {
      assertEquals(answer(start, "b", header, old), undefined);
      assertEquals(start.tick().event, undefined);
    }
    const now = { ...old, epoch: 2, configuration: admitted(two) };
    const event = answer(start, "b", header, now);
    assertEquals(event, { type: "follow", configuration: admitted(two), known: [] });
    assertEquals(start.follow(admitted(two), []), true);
    assertEquals(answer(start, "b", header, now), { type: "writeLife" });
    // A change that was given up leaves it what it was before: no member.
    assertEquals(start.follow(undone({ ...two, epoch: 2 }), []), false);
  });

  it("takes its disk if what the others remember is too little, under the configuration of now", () => {
    const started = () => {
      const start = starting(["a", "b"]);
      const header = headerOf("2", "2", ["1", "2"]);
      const reply = { type: "record", members: ["a", "b"], record: RECORD } as const;
      const hears = (epoch = 0) => answer(start, "b", { ...header, epoch }, reply);
      assertEquals(hears(), { type: "writeLife" });
      start.lifeWritten();
      assertEquals(hears(), { type: "recover" });
      start.cannotRecover();
      return { start, hears };
    };
    const { start, hears } = started();
    hears();
    assertEquals(hears(), { type: "announce" });
    assert(start.isAnnouncing);
    const other = started();
    const newer = { ...firstConfiguration(["a", "b"], ["1", "1"]), epoch: 2 };
    assertEquals(other.start.follow(newer, []), true);
    other.hears(2);
    assertEquals(other.hears(2), { type: "recover" });
  });

  it("closes when a member knows a later process in its place", () => {
    const start = starting();
    hasDisk(start, "b");
    start.tick();
    start.lifeWritten();
    hasDisk(start, "b");
    start.tick();
    const replaced = answer(start, "b", headerOf("2", null, []), { type: "replaced" });
    assertEquals(replaced, { type: "replaced" });
  });

  it("answers questions with what is on its disk, and notes announcements under its genesis", () => {
    const start = starting();
    const enquire = { type: "enquire", members: MEMBERS, purpose: "genesis", round: 2 } as const;
    assertEquals(start.answer("b", headerOf("2", null, []), enquire), {
      ...{ type: "stored", members: MEMBERS, record: RECORD, incarnation: "1" },
      ...{ vector: ["1", "1", "1"], epoch: 0 },
    });
    const other = { ...enquire, members: ["a", "b"] };
    assertEquals(start.answer("b", headerOf("2", null, []), other)?.type, "membersMismatch");
    const announce = { type: "announce", members: MEMBERS, incarnation: "2" } as const;
    const foreign = { ...headerOf("2", null, []), genesis: "h" };
    assertEquals(start.answer("b", foreign, announce), undefined);
    assertEquals(start.answer("b", headerOf("3", null, []), announce), undefined);
    assertEquals(start.incarnations.of("b"), "1");
    assertEquals(start.answer("b", headerOf("2", null, []), announce), { type: "raised" });
    assertEquals(start.incarnations.of("b"), "2");
    start.incarnations.raise("b", "4");
    assertEquals(start.answer("b", headerOf("2", null, []), announce), { type: "replaced" });
  });

  it("helps a member to recover as the node that joins, as long as it is that by its disk", () => {
    const before = firstConfiguration(["b", "c"], ["1", "1"]);
    const configuration = joinedBy(before, { id: "a", life: "1" });
    const startOf = (configuration: Configuration, incarnation = "1") => {
      const memory = { record: RECORD, configuration, incarnation, known: [] };
      return new DiskStart({ self: "a", members: MEMBERS, life: "5", memory, nextId: () => 1 });
    };
    const transfer = {
      ...{ type: "transfer", members: ["b", "c"] } as const,
      ...{ announcement: 3, incarnation: "6", after: "" },
    };
    const header = { ...headerOf("6", null, []), epoch: 1 };
    const start = startOf(configuration);
    assertEquals(start.answer("b", { ...header, genesis: "h" }, transfer), undefined);
    assertEquals(start.answer("b", { ...header, life: "7" }, transfer), undefined);
    assertEquals(start.answer("b", { ...header, epoch: 0 }, transfer), undefined);
    const incarnation = { type: "incarnation", members: ["b", "c"] } as const;
    assertEquals(start.answer("b", header, incarnation), undefined);
    const last = { fenced: [], floor: 0, ended: [], over: [], former: [], wait: 0 };
    assertEquals(start.answer("b", header, transfer), {
      ...{ type: "piece", announcement: 3, registers: [] },
      last: { ...last, vector: ["6", "1", "1"] },
    });
    assertEquals(startOf(configuration, "0").answer("b", header, transfer), undefined);
    assertEquals(
      startOf(admitted(configuration)).answer("b", { ...header, epoch: 2 }, transfer),
      undefined,
    );
  });

  it("goes on under a newer configuration with the life that is written, and the memory that was found", () => {
    const written = (newer: Configuration, told: KnownIncarnations = []) => {
      const start = starting(FOUR);
      for (const id of ["b", "c"]) hasDisk(start, id, "2", "1", FOUR);
      assertEquals(start.tick().event, { type: "writeLife" });
      start.lifeWritten();
      return { start, isMember: start.follow(newer, told) };
    };
    const first = firstConfiguration(FOUR, FOUR.map(() => "1"));
    const newer = settledOf(withoutMember(first, "d"));
    const { start, isMember } = written(newer);
    assertEquals([isMember, start.incarnation, start.configuration], [true, "5", newer]);
    const has = (own: string) => {
      const vector = [own, "1", "1"];
      const reply = { type: "stored", members: MEMBERS, record: RECORD, epoch: 1 } as const;
      return answer(start, "b", headerOf("2", null, []), { ...reply, incarnation: "1", vector });
    };
    // Its own life, and an earlier one of its own that it may have announced.
    assertEquals(has("5"), undefined);
    start.tick();
    assertEquals(has("5"), undefined);
    assertEquals(start.tick().event, { type: "announce" });
    start.follow({ ...newer, epoch: 2 }, [["a", "5"]]);
    start.follow(newer, []);
    assertEquals(has("3"), { type: "putAside", why: "stale" });

    assertEquals(written(withoutMember(first, "a")).isMember, false);
    assertEquals(written(newer, [["a", "3"]]).isMember, false);
    const members = newer.members.map((one) => one.id === "a" ? { ...one, life: "3" } : one);
    assertEquals(written({ ...newer, members }).isMember, false);
  });
});
