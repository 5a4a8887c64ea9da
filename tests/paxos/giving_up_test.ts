import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import {
  admitted,
  type Configuration,
  firstConfiguration,
  joinedBy,
  settledOf,
  withoutMember,
} from "../../lib/paxos/configuration.ts";
import { GivingUp } from "../../lib/paxos/giving_up.ts";
import type { Header, Reply, Request } from "../../lib/paxos/messages.ts";

const headerOf = (life: string): Header => (
  { life, clock: 0, genesis: null, epoch: 0, incarnation: null, vector: [] }
);

const roundOf = (request: Request) => request.type === "enquire" ? request.round : 0;

/**
 * An operational member a, under a record of the first lives of all members; processes are named by their
 * lives.
 */
class Script {
  readonly givingUp: GivingUp;
  /** Whether it has not decided about its disk, and so does not vote. */
  isUndecided = false;
  readonly #members: readonly string[];
  #numbers = 0;

  /** `configuration`: the first one of the members by default. */
  constructor(members: readonly string[] = ["a", "b", "c"], configuration?: Configuration) {
    this.#members = members;
    const lives = members.map((member) => `${member}1`);
    this.givingUp = new GivingUp({
      self: members[0],
      members,
      life: `${members[0]}1`,
      configuration: configuration ?? firstConfiguration(members, lives),
      genesis: "a1",
      isUndecided: () => this.isUndecided,
      nextId: () => ++this.#numbers,
    });
  }

  /** The running questions: `b c, round 1`. */
  asks(): string {
    const questions = this.givingUp.questions().filter(({ to }) => to !== this.#members[0]);
    const rounds = questions.map(({ request }) => roundOf(request));
    return `${questions.map(({ to }) => to).join(" ")}, round ${[...new Set(rounds)].join()}`;
  }

  /** These lives answer the running question with `blank`; returns whether all is lost then. */
  blank(...lives: string[]): boolean {
    const { id } = this.givingUp.questions()[0].request;
    return lives.map((life) => this.answer(life, id)).some((allIsLost) => allIsLost);
  }

  /** `life` answers the question with that number with the record that it lives under. */
  record(life: string, id: number, members = this.#members): void {
    const record = { id: "a1", lives: members, floor: 0, maxTtl: 1, clients: false };
    const reply: Reply = { id, type: "record", members, record };
    assertEquals(this.givingUp.receive(life[0], headerOf(life), reply).allIsLost, false);
  }

  /** `life` answers the running question with what is on its disk, of this genesis; returns whether all is lost then. */
  stored(life: string, genesis: string, members = this.#members): boolean {
    const { id } = this.givingUp.questions()[0].request;
    const record = { id: genesis, lives: members, floor: 0, maxTtl: 1, clients: false };
    const disk = { record, incarnation: "", vector: [], epoch: 0 };
    const reply: Reply = { id, type: "stored", members, ...disk };
    return this.givingUp.receive(life[0], headerOf(life), reply).allIsLost;
  }

  /** `life` answers the question with that number. */
  answer(life: string, id: number, members = this.#members): boolean {
    const blank: Reply = { id, type: "blank", members, wall: 0, recovering: false };
    return this.givingUp.receive(life[0], headerOf(life), blank).allIsLost;
  }
}

describe("GivingUp", () => {
  it("all is lost if the members that are not blank in both rounds are fewer than a majority", () => {
    const script = new Script();
    assertEquals(script.asks(), "b c, round 1");
    assertEquals(script.blank("b2"), false);
    assertEquals(script.asks(), "c, round 1");
    assertEquals(script.blank("c2"), false);
    assertEquals(script.asks(), "b c, round 2");
    assertEquals(script.blank("c2"), false);
    assertEquals(script.blank("b2"), true);
  });

  it("one lost member of three leaves a majority", () => {
    const script = new Script();
    for (let i = 0; i < 5; i++) assertEquals(script.blank("b2", "b2"), false);
    assertEquals(script.asks(), "c, round 1");
  });

  it("needs three lost of five or six, and two of three or four: then the others cannot help them back", () => {
    for (const [members, lost] of [["abcdef", 3], ["abcde", 3], ["abcd", 2], ["abc", 2]] as const) {
      const script = new Script([...members]);
      const lives = [...members].slice(1, 1 + lost).map((member) => `${member}2`);
      for (const life of lives.slice(1)) assertEquals(script.blank(life), false);
      assertEquals(script.asks().endsWith("round 1"), true);
      script.blank(lives[0]);
      assertEquals(script.asks().endsWith("round 2"), true);
      for (const life of lives.slice(1)) assertEquals(script.blank(life), false);
      assertEquals(script.blank(lives[0]), true);
    }
  });

  it("never with two members: the remaining one helps the other one back", () => {
    const script = new Script(["a", "b"]);
    for (let i = 0; i < 5; i++) assertEquals(script.blank("b2", "b2"), false);
    assertEquals(script.givingUp.questions().map(({ request }) => roundOf(request)), [1]);
  });

  it("with two members, of which one does not take its disk without the other one, unless it does meanwhile", () => {
    const script = new Script(["a", "b"]);
    script.isUndecided = true;
    assertEquals(script.blank("b2"), false);
    assertEquals(script.asks(), "b, round 2");
    script.isUndecided = false;
    assertEquals(script.blank("b2"), false);
    script.isUndecided = true;
    assertEquals(script.blank("b2"), true);
  });

  it("not by a node that joins two members, of which one helps the other one back, though it may be a member by now", () => {
    const before = firstConfiguration(["b", "c"], ["b1", "c1"]);
    const joining = joinedBy(before, { id: "a", life: "a0" });
    const script = new Script(["a", "b", "c"], joining);
    script.isUndecided = true;
    for (let i = 0; i < 5; i++) assertEquals(script.blank("b2", "b2"), false);
    assertEquals(script.asks(), "c, round 1");
  });

  it("a member of which an older process remembers is not lost, in either order of the answers", () => {
    for (const order of ["record first", "blank first"]) {
      const script = new Script();
      const { id } = script.givingUp.questions()[0].request;
      if (order === "record first") script.record("b1", id);
      script.blank("b2");
      if (order === "blank first") script.record("b1", id);
      assertEquals([script.blank("b2", "c2"), script.blank("b2", "c2")], [false, false]);
      assertEquals(script.asks(), "b, round 1");
    }
  });

  it("a member with a disk is lost only if that is of another cluster, and both list the same members", () => {
    for (const genesis of ["a1", "a0"]) {
      const script = new Script();
      const isOther = genesis !== "a1";
      assertEquals([script.stored("b2", genesis), script.blank("c2")], [false, false]);
      assertEquals(script.asks(), isOther ? "b c, round 2" : "b, round 1");
      assertEquals([script.blank("c2"), script.stored("b2", genesis)], [false, isOther]);
    }
    const script = new Script();
    assertEquals([script.stored("b2", "a0", ["c", "b", "a"]), script.blank("c2")], [false, false]);
    assertEquals(script.asks(), "b, round 1");
  });

  it("a record in the second round voids both, even as an answer to the first", () => {
    for (const late of [false, true]) {
      const script = new Script();
      const first = script.givingUp.questions()[0].request.id;
      script.blank("b2", "c2");
      const second = script.givingUp.questions()[0].request.id;
      assertEquals(script.blank("b2"), false);
      script.record("c1", late ? first : second);
      assertEquals(script.answer("c2", second), false);
      assertEquals(script.asks(), "b c, round 1");
      assertEquals([script.blank("b2", "c2"), script.blank("b2", "c2")], [false, false]);
    }
  });

  it("a record of a member that does not count as lost changes nothing", () => {
    const script = new Script(["a", "b", "c", "d", "e"]);
    script.record("b1", script.givingUp.questions()[0].request.id);
    assertEquals(script.blank("c2", "d2", "e2"), false);
    script.record("b1", script.givingUp.questions()[0].request.id);
    assertEquals(script.blank("c2", "d2", "e2"), true);
  });

  it("a record that answers another question changes nothing", () => {
    const script = new Script();
    script.blank("b2", "c2");
    script.record("b1", 99);
    assertEquals(script.blank("b2", "c2"), true);
  });

  it("a record counts whatever members it lists", () => {
    const script = new Script();
    const { id } = script.givingUp.questions()[0].request;
    script.blank("b2", "c2");
    script.record("b1", id, ["a", "c", "d"]);
    assertEquals(script.blank("b2", "c2"), false);
  });

  it("also asks its own id: a later process under it has to continue in its place", () => {
    const script = new Script();
    assertEquals(script.givingUp.questions().map(({ to }) => to), ["a", "b", "c"]);
    script.blank("a0");
    assertEquals(script.givingUp.isSucceeded, false);
    assertEquals([script.blank("a2", "b2", "c2"), script.givingUp.isSucceeded], [false, true]);
    assertEquals(script.blank("b2", "c2"), true);
  });

  it("notices a later process that answers the first round late, and not one that answers another question", () => {
    const script = new Script();
    const first = script.givingUp.questions()[0].request.id;
    script.blank("b2", "c2");
    script.answer("a2", 99);
    assertEquals(script.givingUp.isSucceeded, false);
    script.answer("a2", first);
    assertEquals(script.givingUp.isSucceeded, true);
    assertEquals(script.blank("b2", "c2"), true);
  });

  it("a blank member that lives in the life that the record names may still adopt it", () => {
    const script = new Script();
    script.blank("b1", "c1");
    assertEquals(script.asks(), "b c, round 1");
    script.blank("b2", "c1");
    assertEquals(script.asks(), "c, round 1");
  });

  it("the lost members must have the same lives in both rounds", () => {
    const script = new Script();
    script.blank("b2", "c2");
    assertEquals(script.blank("b3", "c2"), false);
    assertEquals(script.asks(), "b, round 2");
    assertEquals(script.blank("b2"), true);
  });

  it("a member that was not lost in the first round does not count in the second", () => {
    const script = new Script(["a", "b", "c", "d", "e"]);
    script.blank("b2", "c2", "d2");
    assertEquals(script.asks(), "b c d e, round 2");
    assertEquals(script.blank("e2", "b2", "c2"), false);
    assertEquals(script.blank("d2"), true);
  });

  it("each round has its own number: answers to the first do not count in the second", () => {
    const script = new Script();
    const first = script.givingUp.questions()[0].request.id;
    script.blank("b2", "c2");
    const second = script.givingUp.questions()[0].request.id;
    assertEquals([first === second, script.givingUp.asks(first), script.givingUp.asks(second)], [
      false,
      false,
      true,
    ]);
    assertEquals([script.answer("b2", first), script.answer("c2", first)], [false, false]);
    assertEquals(script.asks(), "b c, round 2");
  });

  it("takes nothing but `blank` of members that list the same members", () => {
    const script = new Script();
    const { id } = script.givingUp.questions()[0].request;
    const record = { id: "x", lives: ["a1", "b2", "c2"], floor: 0, maxTtl: 1, clients: false };
    const members = ["a", "b", "c"];
    const answers: Reply[] = [
      { id, type: "record", members, record },
      { id, type: "replaced" },
      { id, type: "membersMismatch", members },
    ];
    for (const reply of answers) {
      for (const life of ["b2", "c2"]) script.givingUp.receive(life[0], headerOf(life), reply);
    }
    for (const life of ["b2", "c2"]) script.answer(life, id, ["a", "c", "b"]);
    for (const life of ["x2", "y2"]) script.answer(life, id);
    assertEquals(script.asks(), "b c, round 1");
  });
});

describe("GivingUp while the members change (section 11)", () => {
  const first = (...members: string[]) =>
    firstConfiguration(members, members.map((member) => `${member}1`));

  it("counts both lists: what one of them lost is gone", () => {
    const less = withoutMember(first("a", "b", "c"), "c");
    const script = new Script(["a", "b", "c"], less);
    assertEquals(script.asks(), "b c, round 1");
    script.blank("b2");
    // Of a and b one is enough to help the other back; of a, b and c it is not.
    assertEquals(script.blank("c2"), false);
    assertEquals(script.asks(), "b c, round 2");
    assertEquals(script.blank("b2", "c2"), true);
    const settled = new Script(["a", "b", "c"], settledOf(less));
    assertEquals([settled.asks(), settled.blank("b2")], ["b, round 1", false]);
  });

  it("the new member gives up if the only one before it is lost", () => {
    const grown = admitted(joinedBy(first("b"), { id: "a", life: "a1" }));
    const script = new Script(["a", "b"], grown);
    script.blank("b2");
    assertEquals(script.asks(), "b, round 2");
    assertEquals(script.blank("b2"), true);
    const settled = new Script(["a", "b"], settledOf(grown));
    assertEquals([settled.blank("b2"), settled.asks()], [false, ", round "]);
  });

  it("a member in the life of its admission is not lost", () => {
    const grown = admitted(joinedBy(first("b", "c"), { id: "a", life: "a1" }));
    const script = new Script(["a", "b", "c"], { ...grown, members: grown.members.toReversed() });
    script.blank("b1");
    script.blank("c2");
    assertEquals(script.asks(), "b, round 1");
  });

  it("a node that is not named does not count", () => {
    const script = new Script(["a", "b", "c"], first("a", "b"));
    assertEquals(script.asks(), "b, round 1");
    script.blank("c2");
    assertEquals(script.asks(), "b, round 1");
  });
});
