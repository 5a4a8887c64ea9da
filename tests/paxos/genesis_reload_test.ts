import { assertEquals, assertNotEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { UNASKED } from "../../lib/paxos/genesis.ts";
import { Founders } from "./support/founders.ts";

/** Three members, all operational under the record of a1, and a later process of each. */
function reloaded(): Founders {
  const founders = new Founders().start("a1 b1 c1").tick("a1");
  founders.ask("a1", "round 1", "b1", "c1").ask("a1", "round 2", "b1", "c1").tick("b1", "c1");
  founders.ask("b1", "record", "a1").ask("c1", "record", "a1");
  founders.start("a2 b2 c2");
  founders.trace.length = 0;
  return founders;
}

describe("Genesis: a record in any answer voids both rounds", () => {
  it("in the first round, even though another process of that member is blank", () => {
    const founders = reloaded().tick("a2");
    founders.ask("a2", "round 1", "b2", "c1", "c2");
    founders.expect(`
      a2>b2 round 1
      b2>a2 blank
      a2>c1 round 1
      c1>a2 record a1
      a2>c2 round 1
      c2>a2 blank
    `);
    assertEquals(founders.question("a2", "round 2", "b"), undefined);
  });

  it("in the second round", () => {
    const founders = reloaded().tick("a2").ask("a2", "round 1", "b2", "c2");
    founders.ask("a2", "round 2", "b2", "c1", "c2");
    assertEquals(founders.show("a2"), "blank");
  });

  it("in the second round, as a late answer to the first", () => {
    const founders = reloaded().tick("a2").send("a2", "round 1", "c1", "b2", "c2");
    founders.hear("a2", "b");
    // c1 was asked first, and is heard last.
    const c1 = founders.take("a2", "c");
    founders.hear("a2", "c").ask("a2", "round 2", "b2").give("a2", c1).ask("a2", "round 2", "c2");
    assertEquals(founders.show("a2"), "blank");
  });

  it("as an answer to its question for the record", () => {
    const founders = reloaded().tick("a2").ask("a2", "round 1", "b2", "c2");
    founders.ask("a2", "round 2", "b2").ask("a2", "record", "c1").ask("a2", "round 2", "c2");
    assertEquals(founders.show("a2"), "recovering under a1");
  });

  it("as an answer to its question for the record, of a process that has one only on its disk", () => {
    for (const members of [["a", "b", "c"], ["c", "d", "e"]]) {
      const founders = reloaded().tick("a2").ask("a2", "round 1", "b2", "c2");
      founders.ask("a2", "round 2", "b2").send("a2", "record", "c1");
      const { header, reply } = founders.take("a2", "c");
      if (reply.type !== "record") throw new Error("not a record");
      const { id, record } = reply;
      const disk = { members, record, epoch: 0, incarnation: "c1", vector: ["a1", "b1", "c1"] };
      founders.give("a2", { header, reply: { id, type: "stored", ...disk } });
      founders.ask("a2", "round 2", "c2");
      assertEquals(founders.show("a2"), "blank");
    }
  });

  it("from an older process of the first member itself, which receives the questions to its own id", () => {
    const founders = reloaded().tick("a2").ask("a2", "round 1", "b2", "c2");
    founders.ask("a2", "round 2", "b2", "a1", "c2");
    assertEquals(founders.show("a2"), "blank");
  });

  for (const round of ["first", "second"] as const) {
    it(`as does a frame of a process that votes, in the ${round} round: its answer may come too late`, () => {
      const founders = reloaded().tick("a2").ask("a2", "round 1", "b2");
      if (round === "second") founders.ask("a2", "round 1", "c2").ask("a2", "round 2", "b2");
      const question = founders.question("a2", round === "first" ? "round 1" : "round 2", "c")!;
      founders.genesis("a2").heardVote();
      founders.ask("a2", round === "first" ? "round 1" : "round 2", "c2");
      assertEquals(founders.show("a2"), "blank");
      founders.tick("a2");
      assertNotEquals(founders.question("a2", "round 1", "c")!.id, question.id);
      founders.ask("a2", "round 1", "b2", "c2").ask("a2", "round 2", "b2", "c2");
      assertEquals(founders.show("a2"), "operational under a2");
    });
  }

  it("the next round has its own number, and leads to a genesis once no process remembers", () => {
    const founders = reloaded().tick("a2").ask("a2", "round 1", "b2");
    const first = founders.question("a2", "round 1", "c")!.id;
    founders.ask("a2", "round 1", "c1").tick("a2");
    assertNotEquals(founders.question("a2", "round 1", "c")!.id, first);
    founders.ask("a2", "round 1", "b2", "c2").ask("a2", "round 2", "b2", "c2");
    assertEquals(founders.show("a2"), "operational under a2");
  });

  it("not in an answer to a round that is over, but in one that was not asked for, of any list", () => {
    const founders = reloaded().tick("a2").send("a2", "round 1", "c1");
    const late = founders.take("a2", "c");
    for (let i = 0; i < 5; i++) founders.tick("a2");
    founders.ask("a2", "round 1", "b2", "c2").ask("a2", "round 2", "b2");
    const { reply } = late;
    if (reply.type !== "record") throw new Error("not a record");
    founders.give("a2", { ...late, reply: { ...reply, id: UNASKED, members: ["d", "e"] } });
    founders.ask("a2", "round 2", "c2");
    assertEquals(founders.show("a2"), "blank");
    for (let i = 0; i < 5; i++) founders.tick("a2");
    founders.ask("a2", "round 1", "b2", "c2").ask("a2", "round 2", "b2").give("a2", late);
    founders.ask("a2", "round 2", "c2");
    assertEquals(founders.show("a2"), "operational under a2");
  });
});

describe("Genesis: two processes of one member", () => {
  for (const member of ["a", "b"]) {
    it(`the older ${member}, not operational, closes when the newer one asks`, () => {
      const founders = new Founders().start(`${member}1 ${member}2`).tick(`${member}2`);
      founders.ask(`${member}2`, "record", `${member}1`);
      founders.expect(`
        ${member}2>${member}1 record
        ${member}1! replaced
      `);
    });
  }

  it("the older, operational one stays until its place is taken: others copy from it", () => {
    const founders = reloaded().tick("b2").ask("b2", "record", "b1");
    founders.expect(`
      b2>b1 record
      b1>b2 record a1
      b2! recover under a1
    `);
    assertEquals(founders.show("b1"), "operational under a1");
  });

  it("no process is replaced by an older one: the older one's questions are ignored", () => {
    const founders = new Founders().start("a1 a2 b1 c1").tick("a1", "a2");
    founders.send("a1", "round 1", "a2", "b1", "c1").hear("a1", "b", "c").send(
      "a1",
      "round 2",
      "a2",
    );
    founders.expect(`
      a1>a2 round 1
      a1>b1 round 1
      a1>c1 round 1
      b1>a1 blank
      c1>a1 blank
      a1>a2 round 2
    `);
    founders.ask("a2", "round 1", "b1", "c1").ask("a2", "round 2", "b1", "c1");
    assertEquals(founders.show("a2"), "operational under a2");
  });

  it("a newer one whose clock is behind does not close when the older one, which votes, asks", () => {
    const founders = new Founders().start("b1");
    const header = { life: "b2", clock: 0, genesis: "g", epoch: 0, incarnation: "b2", vector: [] };
    const { members } = founders;
    const request = { type: "enquire", members, purpose: "givingUp", round: 1 } as const;
    const { reply, event } = founders.genesis("b1").answer("b", header, request, {
      now: 0,
      wall: 0,
    });
    assertEquals([reply?.type, event], ["blank", undefined]);
  });

  it("of the leader's own the answers do not count in a round", () => {
    const founders = new Founders(["a", "b"]).start("a1 b1").tick("a1").start("a0");
    founders.ask("a1", "round 1", "a0").ask("a1", "round 1", "b1").ask("a1", "round 2", "a0", "b1");
    assertEquals(founders.genesis("a1").record?.lives, ["a1", "b1"]);
  });
});
