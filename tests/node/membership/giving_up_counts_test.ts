// Runs in Deno alone: pure.
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { GivingUpCounts } from "../../../lib/node/membership/giving_up_counts.ts";
import { firstConfiguration } from "../../../lib/paxos/configuration.ts";
import { GivingUp } from "../../../lib/paxos/giving_up.ts";
import type { Header, Reply } from "../../../lib/paxos/messages.ts";

const MEMBERS = ["a", "b", "c"];

/** Counts of member a, which never hears that another one remembers. */
function begin() {
  let numbers = 0;
  const made: GivingUp[] = [];
  const counts = new GivingUpCounts(() => {
    const count = new GivingUp({
      self: "a",
      members: MEMBERS,
      life: "a1",
      configuration: firstConfiguration(MEMBERS, ["a1", "b1", "c1"]),
      genesis: "a1",
      isUndecided: () => false,
      nextId: () => ++numbers,
    });
    made.push(count);
    return count;
  });
  /** The number of the question that is asked now. */
  const ask = () => counts.questions()[0].request.id;
  /** A process that has no memory answers the question `id`. */
  const blank = (life: string, id: number) => {
    const header: Header = {
      life,
      clock: 0,
      genesis: null,
      epoch: 0,
      incarnation: null,
      vector: [],
    };
    const reply: Reply = { id, type: "blank", members: MEMBERS, wall: 0, recovering: false };
    return counts.receive(life[0], header, reply);
  };
  return { counts, made, ask, blank };
}

describe("GivingUpCounts (section 7)", () => {
  it("begins another count after five questions", () => {
    const { ask, made } = begin();
    const numbers = Array.from({ length: 11 }, ask);
    assertEquals(numbers, [1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3]);
    assertEquals(made.length, 3);
  });

  it("takes answers to earlier counts, of which the last ten stay open", () => {
    const { counts, ask } = begin();
    for (let i = 0; i < 5 * 10; i++) ask();
    assertEquals([1, 2, 10, 11].map((id) => counts.asks(id)), [true, true, true, false]);
    ask();
    assertEquals([1, 2, 11].map((id) => counts.asks(id)), [false, true, true]);
  });

  it("tells of a loss that an earlier count shows", () => {
    const { ask, blank, made } = begin();
    const first = ask();
    for (let i = 0; i < 5; i++) ask();
    assertEquals(blank("b2", first), { ask: [] });
    const { ask: next } = blank("c2", first);
    assertEquals(next.map(({ to }) => to), MEMBERS);
    const { id } = next[0].request;
    assertEquals(blank("b2", id), { ask: [] });
    assertStrictEquals(blank("c2", id).lost, made[0]);
  });

  it("does not mix the answers to two counts", () => {
    const { ask, blank } = begin();
    const first = ask();
    for (let i = 0; i < 5; i++) ask();
    const second = ask();
    assert(first !== second);
    assertEquals(blank("b2", first), { ask: [] });
    assertEquals(blank("c2", second), { ask: [] });
  });

  it("begins again after it was cleared", () => {
    const { counts, ask } = begin();
    ask();
    ask();
    counts.clear();
    assertEquals(counts.asks(1), false);
    assertEquals(Array.from({ length: 6 }, ask), [2, 2, 2, 2, 2, 3]);
  });
});
