// Runs in Deno alone: one part, on a clock and a storage of the test.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Disk } from "../../../lib/node/disk/disk.ts";
import { type Found, loadDisk } from "../../../lib/node/disk/load.ts";
import { firstConfiguration } from "../../../lib/paxos/configuration.ts";
import { Incarnations } from "../../../lib/paxos/incarnations.ts";
import type { RegisterRequest } from "../../../lib/paxos/messages.ts";
import { Voter } from "../../../lib/paxos/voter.ts";
import { memoryStorage } from "../../../lib/storage/memory.ts";
import { turn } from "../../support/wait.ts";
import { VirtualTime } from "../../support/virtual_time.ts";

const LIVES = ["a", "b", "c"].map((id) => id.repeat(20));
const [LIFE] = LIVES;
const RECORD = { id: "g", lives: LIVES, floor: 0, maxTtl: 1_000, clients: false };
const SETTINGS = { members: ["a", "b", "c"], maxKeys: 100, maxBytes: 1e6 };
const CONFIGURATION = firstConfiguration(SETTINGS.members, LIVES);
const ASKER = { node: "b", life: LIVES[1] };

/** Registers with these names; each is a key of the KV. */
const REGISTERS = ["x", "y", "z"].map((key) => `k\xf6a${key}`);

/** A disk, and how to see what is on it. */
function setUp(delay?: () => Promise<void>) {
  const storage = memoryStorage({ delay });
  const errors: unknown[] = [];
  const disk = new Disk({
    ...{ self: "a", storage, runtime: new VirtualTime().runtime, checksums: new Map() },
    failed: (error) => void errors.push(error),
    guard: (handle) => {
      try {
        handle();
      } catch (error) {
        errors.push(error);
      }
    },
  });
  const incarnations = new Incarnations();
  incarnations.follow(CONFIGURATION);
  const voter = (incarnation = LIFE) => new Voter(RECORD, incarnation, SETTINGS);
  const sources = (voter: Voter) => ({
    ...{ record: RECORD, incarnation: voter.incarnation, voter },
    ...{ incarnations: () => incarnations, configuration: () => CONFIGURATION },
  });
  const memory = async () => {
    const { found } = await loadDisk(storage, "a");
    assert(found.type === "memory", JSON.stringify(found));
    return found.memory;
  };
  return { storage, errors, disk, incarnations, voter, sources, memory };
}

function prepare(voter: Voter, register: string, counter = 5): void {
  const request = { type: "prepare", register, ballot: { counter, life: LIFE } } as const;
  voter.handle({ id: 1, ...request as RegisterRequest }, ASKER, 0);
}

describe("Disk (section 7)", () => {
  it("has the memory that replaced another one, and nothing of that", async () => {
    const { disk, voter, sources, memory } = setUp();
    const first = voter();
    prepare(first, REGISTERS[0]);
    prepare(first, REGISTERS[1]);
    first.sessions.end(`a/${LIFE}/1`, 0);
    await disk.replace(sources(first), true);
    const before = await memory();
    assertEquals(before.registers.map(({ register }) => register).sort(), REGISTERS.slice(0, 2));
    assertEquals(before.ended, [`a/${LIFE}/1`]);
    const second = voter(LIVES[2]);
    prepare(second, REGISTERS[1], 7);
    prepare(second, REGISTERS[2]);
    second.sessions.over(LIVES[1], 0);
    await disk.replace(sources(second), false);
    const after = await memory();
    assertEquals(after.registers.map(({ register }) => register).sort(), REGISTERS.slice(1));
    assertEquals(after.registers.find(({ register }) => register === REGISTERS[1])?.promised, {
      ...{ counter: 7, life: LIFE },
    });
    assertEquals([after.incarnation, after.ended, after.over], [LIVES[2], [], [LIVES[1]]]);
  });

  it("follows what changes: registers, sessions, the floor, and what is heard of others", async () => {
    const { disk, voter, sources, incarnations, memory } = setUp();
    const first = voter();
    await disk.replace(sources(first), true);
    prepare(first, REGISTERS[0]);
    first.sessions.end(`a/${LIFE}/1`, 0);
    first.acceptor.raiseFloor(9);
    incarnations.raise("b", LIVES[2]);
    assert(!disk.isDurable);
    await disk.durable();
    const { registers, ended, floor, known, configuration } = await memory();
    assertEquals(registers.map(({ register }) => register), [REGISTERS[0]]);
    assertEquals([ended, floor], [[`a/${LIFE}/1`], 9]);
    assertEquals(new Map(known).get("b"), LIVES[2]);
    assertEquals(configuration, CONFIGURATION);
    // An entry that goes is deleted: old promises without a state are dropped.
    first.acceptor.tidy(1e9);
    await disk.durable();
    assertEquals((await memory()).registers, []);
  });

  it("writes once for all that one turn decides, and once more for what comes meanwhile", async () => {
    const held: (() => void)[] = [];
    let holds = false;
    const delay = () => holds ? new Promise<void>((done) => held.push(done)) : Promise.resolve();
    const { disk, voter, sources, storage } = setUp(delay);
    const first = voter();
    await disk.replace(sources(first), true);
    const { writes } = storage;
    holds = true;
    const order: string[] = [];
    prepare(first, REGISTERS[0]);
    disk.whenDurable(() => order.push("first"));
    prepare(first, REGISTERS[1]);
    disk.whenDurable(() => order.push("second"));
    await turn();
    prepare(first, REGISTERS[2]);
    disk.whenDurable(() => order.push("third"));
    await turn();
    assertEquals([order, held.length], [[], 1]);
    held.shift()!();
    await turn();
    assertEquals(order, []);
    held.shift()!();
    await turn();
    assertEquals(order, ["first", "second"]);
    holds = false;
    for (const done of held.splice(0)) done();
    await turn();
    assertEquals([order, storage.writes - writes], [["first", "second", "third"], 2]);
    disk.whenDurable(() => order.push("at once"));
    assertEquals(order.at(-1), "at once");
  });

  it("calls none of them once a write has failed, and says so once", async () => {
    const { disk, voter, sources, storage, errors } = setUp();
    const first = voter();
    await disk.replace(sources(first), true);
    storage.fail(new Error("full"));
    let isCalled = false;
    prepare(first, REGISTERS[0]);
    disk.whenDurable(() => isCalled = true);
    await turn();
    storage.fail(null);
    prepare(first, REGISTERS[1]);
    disk.whenDurable(() => isCalled = true);
    await turn();
    assertEquals([isCalled, errors.length], [false, 1]);
  });

  it("notes that the wait for grants is over", async () => {
    const { disk, voter, sources, memory } = setUp();
    const first = voter();
    first.sessions.grantFrom(1e9);
    await disk.replace(sources(first), false);
    assertEquals((await memory()).waited, false);
    const second = voter();
    await disk.replace(sources(second), false);
    assertEquals((await memory()).waited, true);
  });

  it("of a blank member has its life until it has a memory", async () => {
    const { disk, voter, sources, storage } = setUp();
    disk.writeBlank(LIFE, LIVES[1]);
    await disk.durable();
    const { found } = await loadDisk(storage, "a");
    assertEquals(found, { type: "blank", life: LIFE, answered: LIVES[1] } as Found);
    await disk.replace(sources(voter()), true);
    assert(!storage.snapshot().has("blank"));
  });

  it("is empty after what was on it was put aside, and can be used again", async () => {
    const { disk, voter, sources, storage, memory } = setUp();
    const first = voter();
    prepare(first, REGISTERS[0]);
    await disk.replace(sources(first), true);
    await disk.clear();
    assertEquals((await loadDisk(storage, "a")).found, { type: "empty" });
    await disk.replace(sources(voter(LIVES[2])), true);
    assertEquals((await memory()).registers, []);
  });

  it("is put aside after all writes that were under way, also one that began when another ended", async () => {
    let [calls, most] = [0, 0];
    const { storage, disk, voter, sources } = setUp();
    for (const name of ["write", "clear"] as const) {
      const call = storage[name].bind(storage) as (...args: unknown[]) => Promise<void>;
      storage[name] = async (...args: unknown[]) => {
        most = Math.max(most, ++calls);
        await turn(1);
        await call(...args);
        calls--;
      };
    }
    void disk.replace(sources(voter()), true);
    await turn(0);
    const cleared = disk.clear();
    disk.writeBlank(LIVES[1], LIVES[0]);
    await cleared;
    await disk.durable();
    assertEquals(most, 1);
    const { found } = await loadDisk(storage, "a");
    assertEquals(found.type, "empty");
  });

  it("does not tell that what is put aside is durable", async () => {
    let end = () => {};
    let holds = true;
    const delay = () => holds ? new Promise<void>((done) => end = done) : Promise.resolve();
    const { disk, storage } = setUp(delay);
    const called: string[] = [];
    disk.writeBlank(LIVES[1], LIVES[2]);
    disk.whenDurable(() => called.push("under way"));
    await turn();
    disk.writeBlank(LIVES[1], LIVES[0]);
    disk.whenDurable(() => called.push("behind it"));
    const cleared = disk.clear();
    holds = false;
    end();
    await cleared;
    await turn();
    assertEquals([called, (await loadDisk(storage, "a")).found.type], [[], "empty"]);
    disk.writeBlank(LIVES[1], LIVES[2]);
    disk.whenDurable(() => called.push("later"));
    await turn();
    assertEquals([called, (await loadDisk(storage, "a")).found.type], [["later"], "blank"]);
  });

  it("calls all that wait for a write, though one of them fails", async () => {
    const { disk, errors } = setUp();
    const called: string[] = [];
    disk.writeBlank(LIVES[1], LIVES[2]);
    disk.whenDurable(() => {
      throw new Error("closed");
    });
    disk.whenDurable(() => called.push("next"));
    await turn();
    assertEquals([called, errors.length], [["next"], 1]);
    await disk.durable();
  });
});
