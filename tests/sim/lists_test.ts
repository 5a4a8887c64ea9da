import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { encodeConfiguration } from "../../lib/codec.ts";
import {
  admitted,
  type Configuration,
  firstConfiguration,
  joinedBy,
  settledOf,
  undone,
  withoutMember,
} from "../../lib/paxos/configuration.ts";
import type { Life } from "../../lib/paxos/ballot.ts";
import type { State } from "../../lib/paxos/register.ts";
import { configurationFault, Lists } from "./lists.ts";

function lifeOf(digit: string): Life {
  return digit.padStart(20, "0");
}

const FIRST = firstConfiguration(["a", "b", "c"], ["1", "1", "1"].map(lifeOf));
const JOINING = joinedBy(FIRST, { id: "d", life: lifeOf("4") });
const MORE = admitted(JOINING);
const LESS = withoutMember(FIRST, "b");

function stateOf(configuration: Configuration): State {
  const value = encodeConfiguration(configuration);
  return {
    present: true,
    token: 1,
    over: 0,
    op: `${lifeOf("1")}/1`,
    value,
    bindings: [],
    owners: [],
  };
}

describe("configurationFault()", () => {
  it("finds none in the steps of section 11", () => {
    for (
      const [before, after] of [
        [FIRST, JOINING],
        [JOINING, MORE],
        [JOINING, undone(JOINING)],
        [MORE, settledOf(MORE)],
        [FIRST, LESS],
        [LESS, settledOf(LESS)],
      ]
    ) assertEquals(configurationFault(before, after), undefined);
  });

  it("finds each kind of fault", () => {
    const two = withoutMember(settledOf(LESS), "c");
    for (
      const [before, after, fault] of [
        [FIRST, MORE, /replaced by an unsettled one of the next epoch/],
        [LESS, two, /only settled/],
        [MORE, joinedBy(settledOf(MORE), { id: "e", life: lifeOf("5") }), /only settled/],
        [FIRST, { ...two, epoch: 1 }, /one of several members is removed/],
        [FIRST, { ...JOINING, members: LESS.members }, /nothing else changes/],
        [
          FIRST,
          joinedBy(LESS.settled ? LESS : settledOf(LESS), { id: "b", life: lifeOf("9") }),
          /next epoch/,
        ],
        [JOINING, { ...MORE, settled: true }, /in the life that was named/],
        [JOINING, admitted({ ...JOINING, joining: { id: "d", life: lifeOf("5") } }), /in the life/],
        [JOINING, { ...undone(JOINING), settled: false }, /has changed nothing/],
        [LESS, { ...settledOf(LESS), members: FIRST.members }, /only settled/],
        [LESS, { ...LESS, settled: true }, /only settled/],
      ] as const
    ) assertMatch(configurationFault(before, after) ?? "", fault);
  });
});

describe("Lists", () => {
  it("may be those that were chosen, and those that a proposer has asked for", () => {
    const lists = new Lists(["a", "b", "c"]);
    assertEquals([lists.members, lists.areChanging], [["a", "b", "c"], false]);
    lists.proposed(stateOf(JOINING), 5);
    assertEquals(lists.areChanging, true);
    assertEquals(lists.possible, [
      ["a", "b", "c"],
      ["a", "b", "c"],
      ["a", "b", "c"],
      ["a", "b", "c", "d"],
    ]);
    lists.took(stateOf(JOINING), true);
    lists.took(stateOf(MORE), true);
    assertEquals(lists.possible, [["a", "b", "c", "d"], ["a", "b", "c"]]);
    lists.took(stateOf(settledOf(MORE)), true);
    assertEquals([lists.possible, lists.areChanging], [[["a", "b", "c", "d"]], false]);
    assertEquals(lists.isKnown(2, ["a", "b", "c", "d"]), true);
    assertEquals(lists.isKnown(2, ["a", "b", "c"]), false);
  });

  it("may be none that was lost: no node holds it after a while", () => {
    const lists = new Lists(["a", "b", "c"]);
    lists.proposed(stateOf(LESS), 5);
    lists.forget(5, () => false);
    lists.forget(9, ({ epoch }) => epoch === 1);
    assertEquals(lists.areChanging, true);
    lists.forget(9, () => false);
    assertEquals([lists.areChanging, lists.possible], [false, [["a", "b", "c"]]]);
  });

  it("name a node that joins, and one that a member does not know to be admitted; none that has left", () => {
    const lists = new Lists(["a", "b", "c"]);
    assertEquals([lists.naming("b"), lists.naming("d")], [["a", "b", "c"], undefined]);
    lists.proposed(stateOf(JOINING), 5);
    assertEquals(lists.naming("d"), ["a", "b", "c", "d"]);
    lists.took(stateOf(JOINING), true);
    lists.took(stateOf(MORE), true);
    assertEquals([lists.known, lists.naming("d")], [["a", "b", "c"], ["a", "b", "c", "d"]]);
    lists.took(stateOf(settledOf(MORE)), true);
    const left = withoutMember(settledOf(MORE), "d");
    lists.took(stateOf(left), true);
    assertEquals(lists.naming("d"), ["a", "b", "c", "d"]);
    lists.took(stateOf(settledOf(left)), true);
    assertEquals(lists.naming("d"), undefined);
  });

  it("name a node that leaves in the order that was given: members compare it while they know of no change", () => {
    const lists = new Lists(["a", "b", "c"]);
    lists.proposed(stateOf(LESS), 5);
    lists.took(stateOf(LESS), true);
    assertEquals(lists.naming("b"), ["a", "b", "c"]);
  });

  it("are known once a member follows one, which was chosen, or may be", () => {
    const lists = new Lists(["a", "b", "c"]);
    lists.proposed(stateOf(LESS), 5);
    assertEquals(lists.follows(LESS), false);
    lists.took(stateOf(LESS), false);
    assertEquals(lists.members, ["a", "b", "c"]);
    assertEquals(lists.follows(LESS), true);
    assertEquals([lists.members, lists.known], [["a", "c"], ["a", "c"]]);
  });
});
