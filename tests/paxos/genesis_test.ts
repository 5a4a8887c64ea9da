import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { MAX_COUNTER } from "../../lib/paxos/ballot.ts";
import { firstConfiguration } from "../../lib/paxos/configuration.ts";
import { sameMembers } from "../../lib/paxos/genesis.ts";
import { Founders } from "./support/founders.ts";

/** Three members, all operational under the record of a1. */
function founded(): Founders {
  const founders = new Founders().start("a1 b1 c1").tick("a1");
  founders.ask("a1", "round 1", "b1", "c1").ask("a1", "round 2", "b1", "c1").tick("b1", "c1");
  founders.ask("b1", "record", "a1").ask("c1", "record", "a1");
  founders.trace.length = 0;
  return founders;
}

describe("Genesis: how a cluster starts", () => {
  it("the first member asks all in two rounds and makes the record; the others pull it", () => {
    const founders = new Founders().start("a1 b1 c1").tick("a1");
    founders.ask("a1", "round 1", "b1", "c1").ask("a1", "round 2", "c1", "b1");
    founders.tick("b1", "c1").ask("b1", "record", "c1", "a1").ask("c1", "record", "b1");
    founders.expect(`
      a1>b1 round 1
      b1>a1 blank
      a1>c1 round 1
      c1>a1 blank
      a1>c1 round 2
      c1>a1 blank
      a1>b1 round 2
      b1>a1 blank
      a1! operational under a1
      b1>c1 record
      c1>b1 blank
      b1>a1 record
      a1>b1 record a1
      b1! operational under a1
      c1>b1 record
      b1>c1 record a1
      c1! operational under a1
    `);
    assertEquals(founders.genesis("c1").record, {
      id: "a1",
      lives: ["a1", "b1", "c1"],
      floor: 0,
      maxTtl: 5_000,
      clients: false,
    });
  });

  it("alone in a cluster of one", () => {
    const founders = new Founders(["a"]).start("a1").tick("a1");
    founders.expect("a1! operational under a1");
  });

  it("only the first member leads: the others ask for the record, nothing else", () => {
    const founders = new Founders().start("b1 c1").tick("b1", "c1");
    for (const life of ["b1", "c1"]) {
      assertEquals(founders.question(life, "round 1", "a"), undefined);
      assertNotEquals(founders.question(life, "record", "a"), undefined);
    }
  });

  it("each question has its own number, never used again; all questions of a round have the same", () => {
    const founders = new Founders().start("a1 b1 c1");
    const numbers: (number | undefined)[] = [];
    const note = () => {
      for (const topic of ["record", "round 1", "round 2"] as const) {
        const ids = ["b", "c"].map((member) => founders.question("a1", topic, member)?.id);
        assertEquals(ids[0], ids[1]);
        if (ids[0] !== undefined && !numbers.includes(ids[0])) numbers.push(ids[0]);
      }
    };
    founders.tick("a1");
    note();
    founders.tick("a1");
    note();
    founders.ask("a1", "round 1", "b1", "c1");
    note();
    // Three for two ticks and one round; the round is asked again under its number.
    assertEquals([numbers.length, new Set(numbers).size], [4, 4]);
  });

  it("the floor is the highest wall clock of all members, times 1000", () => {
    for (const walls of [[3, 1, 2], [1, 3, 2], [1, 2, 3]]) {
      const founders = new Founders();
      for (const [index, life] of ["a1", "b1", "c1"].entries()) {
        founders.start(life, { wall: walls[index] + 0.5 });
      }
      founders.tick("a1").ask("a1", "round 1", "b1", "c1").ask("a1", "round 2", "b1", "c1");
      assertEquals(founders.genesis("a1").record?.floor, 3_500);
    }
  });

  it("the floor is at or above each member's Lamport clock", () => {
    for (const clocks of [[9_999, 1, 2], [1, 9_999, 2], [1, 2, 9_999]]) {
      const founders = new Founders();
      for (const [index, life] of ["a1", "b1", "c1"].entries()) {
        founders.start(life, { wall: 1, clock: clocks[index] });
      }
      founders.tick("a1").ask("a1", "round 1", "b1", "c1").ask("a1", "round 2", "b1", "c1");
      assertEquals(founders.genesis("a1").record?.floor, 9_999);
    }
  });

  it("the floor is limited against a counter that is out of bounds", () => {
    const bound = 1_000 + 2 ** 40;
    for (
      const clocks of [[MAX_COUNTER - 1, 1, 2], [1, MAX_COUNTER - 1, 2], [bound, 1, bound + 1]]
    ) {
      const founders = new Founders();
      for (const [index, life] of ["a1", "b1", "c1"].entries()) {
        founders.start(life, { wall: 1, clock: clocks[index] });
      }
      founders.tick("a1").ask("a1", "round 1", "b1", "c1").ask("a1", "round 2", "b1", "c1");
      assertEquals(founders.genesis("a1").record?.floor, bound);
    }
  });

  it("that limit does not fall when a wall clock went back since the last genesis", () => {
    const floor = 2 ** 50;
    const founders = new Founders();
    for (const life of ["a1", "b1", "c1"]) {
      founders.start(life, { wall: 1, clock: floor + 5, floor });
    }
    founders.tick("a1").ask("a1", "round 1", "b1", "c1").ask("a1", "round 2", "b1", "c1");
    assertEquals(founders.genesis("a1").record?.floor, floor + 5);
  });

  it("a clock that is far ahead does not use up the counters", () => {
    const founders = new Founders().start("a1 c1").start("b1", { wall: 2 ** 50 }).tick("a1");
    founders.ask("a1", "round 1", "b1", "c1").ask("a1", "round 2", "b1", "c1");
    const { floor } = founders.genesis("a1").record!;
    // Years of counters are left above it, and no clock before the year 2100 is cut.
    assert(floor < MAX_COUNTER - 2 ** 47);
    assert(floor > Date.UTC(2100, 0) * 1_000);
  });

  it("maxTtl and clients are the settings of the first member", () => {
    const founders = new Founders().start("a1", { maxTtl: 777, clients: true });
    founders.start("b1 c1", { maxTtl: 1, clients: false });
    founders.tick("a1").ask("a1", "round 1", "b1", "c1").ask("a1", "round 2", "b1", "c1");
    const { maxTtl, clients } = founders.genesis("a1").record!;
    assertEquals({ maxTtl, clients }, { maxTtl: 777, clients: true });
  });
});

describe("Genesis: all members blank at one instant", () => {
  it("one missing answer delays either round", () => {
    const founders = new Founders().start("a1 b1 c1").tick("a1");
    founders.ask("a1", "round 1", "b1", "b1", "b1");
    assertEquals(founders.question("a1", "round 2", "b"), undefined);
    founders.ask("a1", "round 1", "c1").ask("a1", "round 2", "c1", "c1");
    assertEquals(founders.show("a1"), "blank");
    founders.ask("a1", "round 2", "b1");
    assertEquals(founders.show("a1"), "operational under a1");
  });

  it("another life in the second round than in the first: begins again with the first round", () => {
    const founders = new Founders().start("a1 b1 c1").tick("a1");
    founders.ask("a1", "round 1", "b1", "c1").ask("a1", "round 2", "b1");
    const first = founders.question("a1", "round 1", "b")!.id;
    founders.start("c2").ask("a1", "round 2", "c2");
    assertEquals(founders.show("a1"), "blank");
    assertNotEquals(founders.question("a1", "round 1", "b")!.id, first);
    founders.ask("a1", "round 1", "b1", "c2").ask("a1", "round 2", "b1", "c2");
    assertEquals(founders.genesis("a1").record?.lives, ["a1", "b1", "c2"]);
  });

  it("a restart between the rounds is detected, of any member and at any time", () => {
    for (const restarted of ["b", "c"]) {
      const founders = new Founders().start("a1 b1 c1").tick("a1");
      founders.ask("a1", "round 1", "b1", "c1");
      founders.start(`${restarted}2`);
      const lives = ["b", "c"].map((member) => member === restarted ? `${member}2` : `${member}1`);
      founders.ask("a1", "round 2", ...lives);
      assertEquals(founders.show("a1"), "blank");
    }
  });

  it("a later life that answers the same round replaces the earlier one in the count", () => {
    const founders = new Founders().start("a1 b1 c1").tick("a1");
    founders.ask("a1", "round 1", "b1", "c1").ask("a1", "round 2", "c1");
    // c1 answered and is gone; c2 counts, and c2 was not there in round 1.
    founders.start("c2").ask("a1", "round 2", "c2").ask("a1", "round 2", "b1");
    assertEquals(founders.show("a1"), "blank");
  });

  it("answers to the first round do not count in the second", () => {
    const founders = new Founders().start("a1 b1 c1").tick("a1");
    founders.send("a1", "round 1", "b1", "b1", "c1", "c1").hear("a1", "b1", "c1");
    founders.hear("a1", "b1", "c1"); // the second copies
    assertEquals(founders.show("a1"), "blank");
  });

  it("an operational member answers with the record that it lives under, and prevents a genesis", () => {
    const founders = founded().start("a2 b2").tick("a2");
    founders.ask("a2", "round 1", "b2", "c1");
    founders.expect(`
      a2>b2 round 1
      b2>a2 blank
      a2>c1 round 1
      c1>a2 record a1
    `);
    assertEquals(founders.question("a2", "round 2", "b"), undefined);
  });

  it("a round is asked again of the members that have not answered, and is finally replaced by a new first round", () => {
    const founders = new Founders().start("a1 b1 c1").tick("a1").ask("a1", "round 1", "b1");
    const first = founders.question("a1", "round 1", "c")!.id;
    for (let i = 0; i < 4; i++) founders.tick("a1");
    const asked = founders.genesis("a1").tick({ now: 0, wall: 0 }).ask
      .filter(({ request }) => request.type === "enquire" && request.purpose === "genesis");
    // A new round: asked of all members, its own id included, under another number.
    assertEquals(asked.map(({ to }) => to), ["a", "b", "c"]);
    assertNotEquals(asked[0].request.id, first);
    founders.tick("a1").ask("a1", "round 1", "b1", "c1").ask("a1", "round 2", "b1", "c1");
    assertEquals(founders.show("a1"), "operational under a1");
  });

  it("a second round that takes too long is replaced by a new first round", () => {
    const founders = new Founders().start("a1 b1 c1").tick("a1");
    founders.ask("a1", "round 1", "b1", "c1").send("a1", "round 2", "b1", "c1");
    const first = founders.question("a1", "round 1", "b")!.id;
    for (let i = 0; i < 5; i++) founders.tick("a1");
    assertNotEquals(founders.question("a1", "round 1", "b")!.id, first);
    founders.hear("a1", "b1", "c1"); // too late: the round that they answer is over
    assertEquals(founders.show("a1"), "blank");
  });
});

describe("Genesis: records are pulled, never pushed", () => {
  it("an answer that does not echo the latest number is ignored", () => {
    const founders = founded().start("b2").tick("b2").send("b2", "record", "a1").tick("b2");
    founders.hear("b2", "a1");
    assertEquals(founders.show("b2"), "blank");
    founders.ask("b2", "record", "a1");
    assertEquals(founders.show("b2"), "recovering under a1");
  });

  it("answering a second-round question voids the number: a record pulled before is not adopted", () => {
    for (const topic of ["round 2", "giving up 2"] as const) {
      const founders = new Founders().start("a1 b1 c1").tick("a1");
      founders.ask("a1", "round 1", "b1", "c1").ask("a1", "round 2", "b1", "c1");
      founders.tick("b1").send("b1", "record", "a1");
      const question = { type: "enquire", members: founders.members, round: 2 } as const;
      const purpose = topic === "round 2" ? "genesis" : "givingUp";
      const [member, life] = purpose === "genesis" ? ["a", "a1"] : ["c", "c1"];
      founders.put(member, life, "b1", { id: 999, ...question, purpose });
      founders.hear("b1", "a1");
      assertEquals(founders.show("b1"), "blank");
      // After a new question it is adopted.
      founders.tick("b1").ask("b1", "record", "a1");
      assertEquals(founders.show("b1"), "operational under a1");
    }
  });

  it("it also voids the answers of a recovery; no other question does", () => {
    const founders = founded().start("b2").tick("b2").ask("b2", "record", "a1");
    const header = { life: "a2", clock: 0, genesis: null, epoch: 0, incarnation: null, vector: [] };
    const { members } = founders;
    const voids = (from: string, purpose: "record" | "genesis" | "givingUp", round: 1 | 2) => {
      const question = { type: "enquire", members, purpose, round } as const;
      return founders.genesis("b2").answer(from, header, question, { now: 0, wall: 0 }).voids;
    };
    assertEquals([voids("a", "genesis", 2), voids("c", "givingUp", 2)], [true, true]);
    assertEquals(
      [voids("a", "genesis", 1), voids("c", "givingUp", 1), voids("c", "record", 1)],
      [false, false, false],
    );
  });

  it("a first-round question, or one for the record, voids nothing", () => {
    const founders = new Founders().start("a1 b1 c1").tick("a1");
    founders.ask("a1", "round 1", "b1", "c1").ask("a1", "round 2", "b1", "c1");
    founders.tick("b1", "c1").send("b1", "record", "a1");
    const question = { type: "enquire", members: founders.members, round: 1 } as const;
    founders.put("a", "a1", "b1", { id: 998, ...question, purpose: "genesis" });
    founders.put("c", "c1", "b1", { id: 999, ...question, purpose: "givingUp" });
    founders.send("c1", "record", "b1").hear("b1", "a1");
    assertEquals(founders.show("b1"), "operational under a1");
  });

  it("a life adopts once: an operational member takes no other record, and asks for none", () => {
    const founders = founded();
    const record = { ...founders.genesis("b1").record!, id: "other", lives: ["a2", "b1", "c1"] };
    const header = {
      life: "a2",
      clock: 0,
      genesis: null,
      epoch: 0,
      incarnation: null,
      vector: [],
    };
    for (let id = 0; id < 50; id++) {
      const reply = { id, type: "record", members: founders.members, record } as const;
      const at = { now: 0, wall: 0 };
      assertEquals(founders.genesis("b1").receive("a", header, reply, at), { ask: [] });
    }
    assertEquals(founders.show("b1"), "operational under a1");
    assertEquals(founders.genesis("b1").tick({ now: 0, wall: 0 }), { ask: [] });
    // Late answers of other kinds have no effect either.
    for (const reply of [{ type: "replaced" }, { type: "membersMismatch", members: [] }] as const) {
      const answer = founders.genesis("b1").receive("a", header, { id: 0, ...reply }, {
        now: 0,
        wall: 0,
      });
      assertEquals(answer, { ask: [] });
    }
  });

  it("a record without its present life means: recover, under that record", () => {
    const founders = founded().start("b2").tick("b2").ask("b2", "record", "c1");
    founders.expect(`
      b2>c1 record
      c1>b2 record a1
      b2! recover under a1
    `);
    founders.tick("b2").ask("b2", "record", "c1");
    // The same record again has no effect.
    founders.expect(`
      b2>c1 record
      c1>b2 record a1
    `);
  });

  it("the same for the first member: a later life recovers, and makes no record", () => {
    const founders = founded().start("a2").tick("a2").ask("a2", "record", "b1");
    founders.ask("a2", "round 1", "b1", "c1");
    assertEquals(founders.show("a2"), "recovering under a1");
  });

  it("a recovering member continues to ask, and follows a new answer with another record", () => {
    const founders = founded().start("b2").tick("b2").ask("b2", "record", "a1");
    // All others restart too; a3 begins again with b2 and c3, and its record names b2's present life.
    founders.start("a3 c3").tick("a3", "b2");
    founders.ask("a3", "round 1", "b2", "c3").ask("a3", "round 2", "b2", "c3").tick("b2");
    founders.trace.length = 0;
    founders.ask("b2", "record", "a3");
    founders.expect(`
      b2>a3 record
      a3>b2 record a3
      b2! operational under a3
    `);
  });

  it("a recovering member also follows a new answer with a record that does not name its life", () => {
    const founders = founded().start("b2").tick("b2").ask("b2", "record", "a1");
    founders.start("a3 b3 c3").tick("a3").ask("a3", "round 1", "b3", "c3");
    founders.ask("a3", "round 2", "b3", "c3").tick("b2");
    founders.trace.length = 0;
    founders.ask("b2", "record", "a3");
    founders.expect(`
      b2>a3 record
      a3>b2 record a3
      b2! recover under a3
    `);
    // The same record again has no effect: its copies so far still count.
    founders.tick("b2").ask("b2", "record", "a3");
    founders.expect(`
      b2>a3 record
      a3>b2 record a3
    `);
    assertEquals(founders.show("b2"), "recovering under a3");
  });

  it("a recovering member still counts as blank: it answers, and the first member keeps asking", () => {
    const founders = founded().start("a2 b2").tick("a2", "b2");
    founders.ask("a2", "record", "c1").ask("b2", "record", "c1");
    founders.start("c2").tick("a2");
    founders.trace.length = 0;
    founders.ask("a2", "round 1", "b2", "c2").ask("a2", "round 2", "b2", "c2");
    founders.expect(`
      a2>b2 round 1
      b2>a2 blank, recovering
      a2>c2 round 1
      c2>a2 blank
      a2>b2 round 2
      b2>a2 blank, recovering
      a2>c2 round 2
      c2>a2 blank
      a2! operational under a2
    `);
  });

  it("takes no record for another number of members", () => {
    const founders = founded().start("b2").tick("b2");
    const { id } = founders.question("b2", "record", "a")!;
    const record = { ...founders.genesis("a1").record!, lives: ["a1", "b2"] };
    const header = { life: "a1", clock: 0, genesis: null, epoch: 0, incarnation: "a1", vector: [] };
    const reply = { id, type: "record", members: founders.members, record } as const;
    founders.genesis("b2").receive("a", header, reply, { now: 0, wall: 0 });
    assertEquals(founders.show("b2"), "blank");
  });

  it("placed() makes a recovering member operational", () => {
    const founders = founded().start("b2").tick("b2").ask("b2", "record", "a1");
    const genesis = founders.genesis("b2");
    genesis.placed("operational", genesis.record!);
    assertEquals(founders.show("b2"), "operational under a1");
  });
});

describe("Genesis: two lives of the first member", () => {
  it("a member that answered the second round of one life answers an earlier life only with `replaced`", () => {
    const founders = new Founders().start("a1 a2 b1 c1").tick("a1", "a2");
    founders.ask("a2", "round 1", "b1", "c1").send("a2", "round 2", "b1");
    founders.trace.length = 0;
    founders.ask("a1", "round 1", "b1");
    founders.expect(`
      a1>b1 round 1
      b1>a1 replaced
      a1! replaced
    `);
    // a2 asked c1 only in the first round: c1 still answers both.
    founders.ask("a1", "round 1", "c1");
    founders.expect(`
      a1>c1 round 1
      c1>a1 blank
    `);
  });

  it("the same if it asks anything else: for the record, or whether all is lost", () => {
    // An old process that lives under its own record must not be told that all is lost: it would give up, come
    // back with a life above that of the process that took its place, and replace that one.
    const founders = new Founders().start("a1 a2 b1 c1").tick("a2");
    founders.ask("a2", "round 1", "b1", "c1").send("a2", "round 2", "b1");
    founders.trace.length = 0;
    for (const purpose of ["record", "givingUp"] as const) {
      const request = { id: 999, type: "enquire", members: founders.members, round: 1 } as const;
      founders.put("a", "a1", "b1", { ...request, purpose }).hear("a1", "b1");
    }
    founders.expect(`
      a1>b1 record
      b1>a1 replaced
      a1! replaced
      a1>b1 giving up 1
      b1>a1 replaced
      a1! replaced
    `);
  });

  it("the same in the second round", () => {
    const founders = new Founders().start("a1 a2 b1 c1").tick("a1", "a2");
    founders.ask("a1", "round 1", "b1", "c1").ask("a2", "round 1", "b1", "c1");
    founders.send("a2", "round 2", "b1");
    founders.trace.length = 0;
    founders.ask("a1", "round 2", "c1", "b1");
    founders.expect(`
      a1>c1 round 2
      c1>a1 blank
      a1>b1 round 2
      b1>a1 replaced
      a1! replaced
    `);
    assertEquals(founders.show("a1"), "blank");
  });

  it("one life answers the second round of one leader: for a later one it takes a new life", () => {
    const founders = new Founders().start("a1 a2 b1 c1").tick("a1", "a2");
    founders.ask("a1", "round 1", "b1", "c1").ask("a2", "round 1", "b1", "c1");
    founders.ask("a1", "round 2", "b1");
    founders.trace.length = 0;
    founders.ask("a2", "round 2", "b1", "c1");
    founders.expect(`
      a2>b1 round 2
      b1! changeLife
      a2>c1 round 2
      c1>a2 blank
    `);
    // The new life is detected, and named only by a2's record.
    founders.ask("a2", "round 2", "b2").ask("a2", "round 1", "b2", "c1");
    founders.ask("a2", "round 2", "b2", "c1");
    assertEquals(founders.genesis("a2").record?.lives, ["a2", "b2", "c1"]);
  });

  it("a member that takes a new life ignores answers to the questions of the earlier one", () => {
    const header = (life: string) => (
      { life, clock: 0, genesis: null, epoch: 0, incarnation: null, vector: [] }
    );
    const at = { now: 0, wall: 0 };
    const members = ["a", "b", "c"];
    // A leader in its first round.
    const founders = new Founders().start("a1 b1 c1").tick("a1");
    const { id } = founders.question("a1", "round 1", "b")!;
    founders.genesis("a1").changeLife("a2");
    for (const life of ["b1", "c1"]) {
      const blank = { id, type: "blank", members, wall: 0, recovering: false } as const;
      assertEquals(founders.genesis("a1").receive(life[0], header(life), blank, at), { ask: [] });
    }
    // The same for another member that has asked for the record.
    const others = founded().start("b2").tick("b2");
    const pull = others.question("b2", "record", "a")!.id;
    others.genesis("b2").changeLife("b3");
    const record = others.genesis("a1").record!;
    const reply = { id: pull, type: "record", members, record } as const;
    others.genesis("b2").receive("a", header("a1"), reply, at);
    assertEquals(others.show("b2"), "blank");
  });

  it("adopts only a record of the latest life of the first member that asked its second round", () => {
    const founders = new Founders().start("a1 a2 b1 c1").tick("a1", "a2");
    founders.ask("a1", "round 1", "b1", "c1").ask("a2", "round 1", "b1", "c1");
    founders.ask("a1", "round 2", "b1", "c1"); // a1 makes its record
    founders.send("a2", "round 2", "b1"); // b1 becomes b2
    founders.tick("b2", "c1").ask("c1", "record", "a1").ask("b2", "record", "a1");
    assertEquals([founders.show("c1"), founders.show("b2")], [
      "operational under a1",
      "recovering under a1",
    ]);
  });

  it("a record that names its life, but of a leader that it has not answered, is not adopted", () => {
    const founders = founded().start("b2").tick("b2");
    const { id } = founders.question("b2", "record", "a")!;
    const record = { ...founders.genesis("a1").record!, lives: ["a1", "b2", "c1"] };
    const header = { life: "a1", clock: 0, genesis: null, epoch: 0, incarnation: "a1", vector: [] };
    const reply = { id, type: "record", members: founders.members, record } as const;
    founders.genesis("b2").receive("a", header, reply, { now: 0, wall: 0 });
    assertEquals(founders.show("b2"), "blank");
  });

  it("one old process and one restart never make two clusters", () => {
    const founders = new Founders().start("a1 a2 b1 c1").tick("a1", "a2");
    // a2 has asked c1 in its second round; its question to b1 is late.
    founders.ask("a2", "round 1", "b1", "c1").ask("a2", "round 2", "c1");
    // c restarts and has forgotten that. a1, the older process, begins with b1 and c2.
    founders.start("c2").ask("a1", "round 1", "b1", "c2").ask("a1", "round 2", "b1", "c2");
    founders.tick("c2").ask("c2", "record", "a1");
    assertEquals([founders.show("a1"), founders.show("c2")], [
      "operational under a1",
      "operational under a1",
    ]);
    // Now b1 is asked by a2: were it to answer, a2 and b1 would be a majority of their own.
    founders.ask("a2", "round 2", "b1");
    assertEquals(founders.show("a2"), "blank");
    founders.ask("a2", "round 2", "b2").ask("a2", "round 1", "b2", "c2");
    assertEquals(founders.show("a2"), "blank");
    founders.tick("a2").ask("a2", "record", "c2").tick("b2").ask("b2", "record", "c2");
    assertEquals([founders.show("a2"), founders.show("b2")], [
      "recovering under a1",
      "recovering under a1",
    ]);
  });
});

describe("Genesis: lists of members that differ", () => {
  it("nothing is agreed, and both sides report it", () => {
    const lists = [["a", "c", "b"], ["a", "b"], ["a", "b", "c", "d"], ["a", "b", "x"]];
    for (const members of lists) {
      const founders = new Founders().start("a1 c1").start("b1", { members }).tick("a1", "b1");
      founders.ask("a1", "round 1", "b1").ask("b1", "record", "a1");
      founders.expect(`
        a1>b1 round 1
        b1! a lists abc
        b1>a1 membersMismatch
        a1! b lists ${members.join("")}
        b1>a1 record
        a1! b lists ${members.join("")}
        a1>b1 membersMismatch
        b1! a lists abc
      `);
      founders.ask("a1", "round 1", "c1");
      assertEquals([founders.show("a1"), founders.show("b1")], ["blank", "blank"]);
    }
  });

  it("only blank members compare them: a node that finds a living cluster follows that", () => {
    const founders = founded().start("b2", { members: ["c", "b", "a"] }).tick("b2");
    founders.ask("b2", "record", "a1");
    founders.expect(`
      b2>a1 record
      a1>b2 record a1
      b2! recover under a1
    `);
    assertEquals(founders.show("b2"), "recovering under a1");
    // One that recovers says nothing of its list to those that have another one.
    founders.start("c2", { members: ["a", "c"] }).tick("c2").ask("c2", "record", "a1");
    founders.start("a2", { members: ["a", "b"] }).tick("a2").ask("a2", "record", "b2");
    founders.expect(`
      c2>a1 record
      a1>c2 record a1
      c2! recover under a1
      a2>b2 record
    `);
  });

  it("a process with a cluster of its own takes no member away from the cluster that others know", () => {
    const founders = founded().start("a2", { members: ["a"] }).tick("a2").start("b2").tick("b2");
    founders.ask("b2", "record", "a2");
    assertEquals(founders.show("b2"), "outside under a2");
    founders.tick("b2").ask("b2", "record", "c1");
    assertEquals(founders.show("b2"), "recovering under a1");
    founders.tick("b2").ask("b2", "record", "a2");
    assertEquals(founders.show("b2"), "recovering under a1");
    // When a majority of the others is there too, its own cluster is gone.
    founders.start("c2").tick("c2").ask("c2", "record", "a2");
    founders.tick("b2").send("b2", "record", "c2");
    // As nodes answer: with the members of that cluster.
    const { header, reply } = founders.take("b2", "c");
    if (reply.type !== "record") throw new Error("no record");
    founders.give("b2", { header, reply: { ...reply, members: ["a"] } });
    assertEquals([founders.show("c2"), founders.genesis("b2").state], [
      "outside under a2",
      "outside",
    ]);
    founders.tick("b2").ask("b2", "record", "a2");
    assertEquals(founders.show("b2"), "outside under a2");
  });

  it("a node that is in no list of the living cluster takes part in no genesis", () => {
    const founders = founded().start("d1", { members: ["a", "b", "c", "d"] }).tick("d1");
    founders.ask("d1", "record", "b1");
    assertEquals(founders.show("d1"), "outside under a1");
    founders.start("a2", { members: ["a", "b", "c", "d"] }).tick("a2").ask("a2", "round 1", "d1");
    founders.expect(`
      d1>b1 record
      b1>d1 record a1
      d1! recover under a1
      a2>d1 round 1
      d1>a2 record a1
    `);
  });

  it("a blank member adopts no record under another configuration than that of the genesis", () => {
    const founders = new Founders().start("a1 b1 c1").tick("a1").ask("a1", "round 1", "b1", "c1");
    founders.ask("a1", "round 2", "b1", "c1").tick("b1").send("b1", "record", "a1");
    const { header, reply } = founders.take("b1", "a");
    if (reply.type !== "record") throw new Error("not a record");
    const first = firstConfiguration(founders.members, reply.record.lives);
    const news = { configuration: { ...first, epoch: 2 }, incarnations: [] };
    founders.give("b1", { header, reply: { ...reply, ...news } });
    assertEquals(founders.show("b1"), "recovering under a1");
  });

  it("a blank answer with another list is ignored", () => {
    const founders = new Founders().start("a1 b1 c1").tick("a1");
    const header = (life: string) => (
      { life, clock: 0, genesis: null, epoch: 0, incarnation: null, vector: [] }
    );
    const at = { now: 0, wall: 0 };
    const { id } = founders.question("a1", "round 1", "b")!;
    const members = ["a", "c", "b"];
    const blank = { type: "blank", members, wall: 0, recovering: false } as const;
    const begun = ["b", "c"].map((from) =>
      founders.genesis("a1").receive(from, header(`${from}1`), { id, ...blank }, at)
    );
    assertEquals(begun, [{ ask: [] }, { ask: [] }]);
    // With the right list, the same answers begin the second round.
    for (const from of ["b", "c"]) {
      const reply = { id, ...blank, members: founders.members };
      begun.push(founders.genesis("a1").receive(from, header(`${from}1`), reply, at));
    }
    assertEquals(begun.map(({ ask }) => ask.map(({ to }) => to).join("")), ["", "", "", "abc"]);
  });

  it("sameMembers() compares names and their order", () => {
    assertEquals(sameMembers(["a", "b"], ["a", "b"]), true);
    assertEquals(sameMembers([], []), true);
    for (const other of [["b", "a"], ["a"], ["a", "b", "c"], ["a", "B"]]) {
      assertEquals([sameMembers(["a", "b"], other), sameMembers(other, ["a", "b"])], [
        false,
        false,
      ]);
    }
  });
});
