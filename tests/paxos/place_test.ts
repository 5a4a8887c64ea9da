// Runs in Deno alone: pure.
import { assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { answerChange } from "../../lib/paxos/change_answers.ts";
import {
  admitted,
  type Configuration,
  firstConfiguration,
  joinedBy,
  settledOf,
  undone,
  withoutMember,
} from "../../lib/paxos/configuration.ts";
import { Place } from "../../lib/paxos/place.ts";
import { standingIn } from "../../lib/paxos/standing.ts";
import { Voter } from "../../lib/paxos/voter.ts";
import { accept, forget, value } from "./support/acceptor_script.ts";

const FIRST = firstConfiguration(["a", "b", "c"], ["1", "1", "1"]);
const JOINED = joinedBy(FIRST, { id: "d", life: "4" });
const ADMITTED = admitted(JOINED);
const LESS = withoutMember(FIRST, "b");

const RECORD = { id: "g", lives: ["1", "1", "1"], floor: 0, maxTtl: 5_000, clients: true };

function voter(incarnation: string): Voter {
  return new Voter(RECORD, incarnation, { members: [], maxKeys: 100, maxBytes: Infinity });
}

/** The place of a member that votes. */
function member(self: string, configuration: Configuration = FIRST, life = "1"): Place {
  const place = new Place(self, life, configuration);
  assertEquals(place.remember(voter(life), []), undefined);
  return place;
}

describe("Place: what a node is under the newest configuration (section 11)", () => {
  it("a member without its memory recovers, and votes with it", () => {
    const place = new Place("a", "2", FIRST);
    assertEquals([place.standing, place.voter, place.incarnation], ["recovers", null, null]);
    const memory = voter("2");
    place.remember(memory, [["a", "2"], ["b", "1"], ["c", "5"], ["x", "7"]]);
    assertEquals([place.standing, place.incarnation], ["votes", "2"]);
    assertStrictEquals(place.voter, memory);
    assertEquals(place.incarnations.entries, ["2", "1", "5"]);
    assertEquals(place.incarnations.of("x"), "7");
  });

  it("what it knew of crashes when its memory was complete has no order of a configuration", () => {
    const place = new Place(
      "d",
      "4",
      firstConfiguration(["a", "b", "c", "d"], ["1", "1", "1", "1"]),
    );
    const known = place.incarnations.all;
    // While the memory is being written to its disk it learns of a list without a.
    place.learn(withoutMember(place.configuration, "a"), [["b", "2"]]);
    place.remember(voter("4"), [...known, ["c", "3"]]);
    assertEquals(place.incarnations.entries, ["2", "3", "4", "1"]);
  });

  it("a newer configuration is followed, an older one is not, and the vector takes its order", () => {
    const place = member("a");
    assertEquals(place.learn(ADMITTED, []), undefined);
    assertStrictEquals(place.configuration, ADMITTED);
    assertEquals(place.learn(JOINED, []), undefined);
    assertStrictEquals(place.configuration, ADMITTED);
    assertEquals(place.incarnations.entries, ["1", "1", "1", "4"]);
    assertEquals(place.learn(settledOf(ADMITTED), []), undefined);
    assertEquals(place.configuration.settled, true);
  });

  it("a node that joins copies, votes only once it is admitted, and then with its copy", () => {
    const place = new Place("d", "4", FIRST);
    assertEquals(place.standing, "outside");
    assertEquals(place.learn(JOINED, []), "join");
    assertEquals([place.standing, place.hasCopied], ["joins", false]);
    const memory = voter("4");
    place.remember(memory, []);
    assertEquals([place.hasCopied, place.voter, place.incarnation], [true, null, null]);
    assertEquals(place.learn(ADMITTED, []), undefined);
    assertStrictEquals(place.voter, memory);
  });

  it("in another life it does not join, and recovers once it is admitted", () => {
    const place = new Place("d", "5", FIRST);
    assertEquals(place.learn(JOINED, []), undefined);
    assertEquals(place.standing, "outside");
    assertEquals(place.learn(ADMITTED, []), "recover");
  });

  it("it forgets its copy if it is not admitted, or takes a new life", () => {
    const place = new Place("d", "4", JOINED);
    place.remember(voter("4"), []);
    assertEquals(place.learn(undone(JOINED), []), "retired");
    assertEquals([place.standing, place.hasCopied], ["outside", false]);
    const other = new Place("d", "4", JOINED);
    other.remember(voter("4"), []);
    other.changeLife("5");
    assertEquals([other.standing, other.hasCopied], ["outside", false]);
    assertEquals(other.learn(ADMITTED, []), "recover");
  });

  it("a removed member votes no more, helps until that is settled, and is retired then", () => {
    const place = member("b");
    place.learn(LESS, []);
    assertEquals([place.standing, place.voter, place.incarnation], ["helps", null, "1"]);
    assertEquals(place.helper?.voter?.incarnation, "1");
    assertEquals(place.learn(settledOf(LESS), []), "retired");
    assertEquals([place.standing, place.helper, place.incarnation], ["outside", null, null]);
  });

  it("it is also retired by a later epoch, and by a settled mark in a frame", () => {
    const place = member("b");
    place.learn(LESS, []);
    assertEquals(place.learn(joinedBy(settledOf(LESS), { id: "d", life: "4" }), []), "retired");
    const other = member("b");
    other.learn(LESS, []);
    const header = { incarnation: "1", vector: ["1", "1", "1"] };
    assertEquals(other.hear("a", { ...header, epoch: 1, unsettled: true }), undefined);
    assertEquals(other.hear("a", { ...header, epoch: 1 }), "retired");
  });

  it("a member that is added again has to be a new one: a memory from before is that of a replaced one", () => {
    const place = member("b");
    const again = admitted(joinedBy(settledOf(LESS), { id: "b", life: "9" }));
    assertEquals(place.learn(again, []), "replaced");
    assertEquals([place.standing, place.voter], ["replaced", null]);
    assertEquals(standingIn(again, "b", "1", "1"), "replaced");
    assertEquals(standingIn(again, "b", "9", "9"), "votes");
  });

  it("a member that hears of a later incarnation of itself is replaced", () => {
    const place = member("a");
    const header = { epoch: 0, incarnation: "1", vector: ["2", "1", "1"] };
    assertEquals(place.hear("b", header), "replaced");
    assertEquals([place.standing, place.voter, place.helper], ["replaced", null, null]);
  });

  it("a member that was replaced never comes back, whatever it hears while it closes", () => {
    const place = member("a");
    place.hear("b", { epoch: 0, incarnation: "1", vector: ["2", "1", "1"] });
    assertEquals(place.learn(LESS, []), "replaced");
    place.changeLife("9");
    assertEquals(place.learn(settledOf(LESS), []), "replaced");
    assertEquals([place.standing, place.voter, place.incarnation], ["replaced", null, null]);
  });

  it("what is known with a configuration is known before it is followed", () => {
    const place = member("c");
    assertEquals(place.learn(LESS, [["a", "2"], ["b", "3"], ["x", "9"]]), undefined);
    assertEquals(place.incarnations.entries, ["2", "1", "3"]);
    assertEquals(place.incarnations.of("x"), "9");
    const other = new Place("d", "4", LESS, [["a", "2"], ["x", "9"]]);
    assertEquals(other.incarnations.entries, ["2", "1", "1"]);
    assertEquals(other.incarnations.former, [["x", "9"]]);
  });

  it("a member does not follow a configuration under which a later process of it votes", () => {
    const place = member("a");
    assertEquals(place.learn(LESS, [["a", "2"]]), "replaced");
    assertEquals([place.standing, place.voter, place.helper], ["replaced", null, null]);
    const known = member("a");
    assertEquals(known.learn(FIRST, [["a", "1"]]), undefined);
    assertEquals(known.learn(FIRST, [["a", "2"]]), "replaced");
  });

  it("a replaced process is no client of the cluster that has removed its successor", () => {
    const place = member("b");
    assertEquals(place.learn(settledOf(LESS), [["b", "2"]]), "replaced");
    assertEquals([place.standing, place.voter, place.helper], ["replaced", null, null]);
    assertEquals(member("b").learn(settledOf(LESS), [["b", "1"]]), "retired");
  });

  it("it tells all that it has heard of with its configuration", () => {
    const place = member("c");
    place.learn(LESS, [["a", "2"], ["x", "9"]]);
    place.learn(settledOf(LESS), []);
    const { configuration, incarnations } = place.news;
    assertEquals(configuration, settledOf(LESS));
    assertEquals([...incarnations].sort(), [["a", "2"], ["b", "1"], ["c", "1"], ["x", "9"]]);
  });

  it("a vector of another epoch is not read: its order is another", () => {
    const place = member("a");
    assertEquals(
      place.hear("b", { epoch: 1, incarnation: "9", vector: ["9", "9", "9"] }),
      undefined,
    );
    assertEquals(place.incarnations.entries, ["1", "1", "1"]);
  });

  it("a frame does not settle what a node joins", () => {
    const place = member("a");
    place.learn(JOINED, []);
    place.hear("b", { epoch: 1, incarnation: "1", vector: [] });
    assertEquals(place.configuration.settled, false);
  });

  it("a node that joins helps no other with a memory, and notes who crashed", () => {
    const place = new Place("d", "4", JOINED);
    place.remember(voter("4"), []);
    assertEquals(place.helper?.voter, null);
  });

  it("while the members change nothing is forgotten", () => {
    const place = member("a");
    const ask = (request: Parameters<Voter["handle"]>[0]) =>
      place.voter?.handle(request, { node: "b", life: "1", votes: true }, 0).reply;
    const isThere = () => place.voter?.acceptor.size === 1;
    const drop = () => ask({ id: 1, ...forget("2p") });
    ask({ id: 1, ...accept("1p", value("x", 1)) });
    ask({ id: 1, ...accept("2p", { present: false, token: 2 }) });
    place.learn(LESS, []);
    drop();
    assertEquals(isThere(), true);
    place.learn(settledOf(LESS), []);
    drop();
    assertEquals(isThere(), false);
  });
});

describe("answerChange()", () => {
  const ask = (place: Place, request: Parameters<typeof answerChange>[3], epoch = 0, life = "1") =>
    answerChange(place, life, { epoch }, request);

  it("only a node without a memory stands, in a life above the one that is named", () => {
    const place = new Place("d", "4", FIRST);
    assertEquals(ask(place, { type: "stand", above: "3" }, 0, "4"), { type: "standing" });
    assertEquals(ask(place, { type: "stand", above: "4" }, 0, "4"), "changeLife");
    assertEquals(ask(member("a"), { type: "stand", above: "" }), undefined);
    assertEquals(ask(new Place("a", "2", FIRST), { type: "stand", above: "" }, 0, "2"), undefined);
    const leaving = member("b");
    leaving.learn(LESS, []);
    assertEquals(ask(leaving, { type: "stand", above: "" }), undefined);
  });

  it("says whether it joins and has copied", () => {
    const place = new Place("d", "4", JOINED);
    const configure = { type: "configure", configuration: JOINED, incarnations: [] } as const;
    assertEquals(ask(place, configure, 1), { type: "configured", copied: false });
    place.remember(voter("4"), []);
    assertEquals(ask(place, configure, 1), { type: "configured", copied: true });
  });

  it("says so if it knows a newer configuration than the one that it is told of", () => {
    const place = member("a");
    place.learn(LESS, []);
    const configure = { type: "configure", configuration: FIRST, incarnations: [] } as const;
    assertEquals(ask(place, configure, 0), { type: "newerConfiguration", ...place.news });
    assertEquals(ask(place, configure, 1), { type: "configured", copied: false });
  });

  it("serves its own epoch alone", () => {
    const place = member("a");
    place.learn(LESS, []);
    const request = { type: "incarnationOf", node: "b" } as const;
    assertEquals(ask(place, request, 0), { type: "newerConfiguration", ...place.news });
    assertEquals(place.news.configuration, LESS);
    assertEquals(ask(place, request, 2), { type: "unknownEpoch" });
    assertEquals(ask(place, request, 1), { type: "known", incarnation: "1" });
    assertEquals(ask(new Place("a", "2", LESS), request, 1), undefined);
  });

  it("lists every register, also one with nothing but a promise, and then the floor", () => {
    const place = member("a");
    const { acceptor } = place.voter!;
    acceptor.handle({ type: "prepare", register: "k2", ballot: { counter: 3, life: "p" } }, {
      node: "p",
      life: "p",
    }, 0);
    acceptor.handle(accept("1p", value("x", 1)), { node: "p", life: "p" }, 0);
    assertEquals(ask(place, { type: "raiseFloor", floor: 7 }), { type: "raised" });
    assertEquals(ask(place, { type: "raiseFloor", floor: 5 }), { type: "raised" });
    assertEquals(ask(place, { type: "inventory", after: "" }), {
      ...{ type: "inventoried", registers: ["k1", "k2"], floor: 7 },
    });
    assertEquals(ask(place, { type: "inventory", after: "k1" }), {
      ...{ type: "inventoried", registers: ["k2"], floor: 7 },
    });
  });
});
