// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { ChangeQueue } from "../../../lib/node/quorum/change_queue.ts";
import type { ChangeOptions } from "../../../lib/node/quorum/change_options.ts";
import type { WaitingChange } from "../../../lib/node/quorum/waiting_change.ts";

const JOINS = { joins: true };
const REMOVES = { reserve: true };
const SWEEPS = { sweep: true };

/** A queue, and changes with names; `show` tells which are in the round, and which wait. */
function setUp() {
  const queue = new ChangeQueue();
  const names = new Map<WaitingChange, string>();
  const add = (name: string, options: Partial<ChangeOptions> = {}) => {
    const operation = { ended: false } as { ended: boolean } & WaitingChange["operation"];
    const change: WaitingChange = {
      ...{ change: () => ({ draft: null, result: null }), wrote: false, operation },
      options: { deadline: Infinity, ...options },
    };
    names.set(change, name);
    queue.add(change);
    return { change, end: () => void ((operation as { ended: boolean }).ended = true) };
  };
  const text = (changes: Iterable<WaitingChange>) =>
    Array.from(changes, (change) => names.get(change)).join(" ");
  const show = () => `${text(queue.round)} | ${text(queue.waiting)}`;
  return { queue, add, show, text };
}

describe("ChangeQueue", () => {
  it("takes all that wait into an attempt, and later those that join, up to the first that does not", () => {
    const { queue, add, show } = setUp();
    const [first, second] = [add("a"), add("b")];
    queue.take();
    const joining = add("c", JOINS);
    add("d");
    add("e", JOINS);
    assertEquals(queue.join(), [first, second, joining].map(({ change }) => change));
    assertEquals(show(), "a b c | d e");
    assertEquals([first.change.joined, joining.change.joined], [false, true]);
    // The promises of the next attempt are from after it.
    queue.take();
    assertEquals([show(), joining.change.joined], ["a b c d e | ", false]);
  });

  it("takes 1,000 at most", () => {
    const { queue, add } = setUp();
    for (let i = 0; i < 1_001; i++) add(`${i}`, JOINS);
    queue.take();
    queue.join();
    assertEquals([queue.round.length, [...queue.waiting].length], [1_000, 1]);
  });

  it("forgets what has ended with the next attempt, and with the round", () => {
    const { queue, add, show } = setUp();
    const [first] = [add("a"), add("b")];
    queue.take();
    first.end();
    queue.take();
    assertEquals(show(), "b | ");
    const waiting = add("c");
    assertEquals([waiting.end(), queue.end(), show()], [undefined, false, " | "]);
  });

  it("puts what was left of a round before what waits", () => {
    const { queue, add, show } = setUp();
    const { change } = add("a");
    queue.take();
    add("b");
    queue.putFirst([change]);
    assertEquals([queue.end(), show()], [true, " | a b"]);
  });

  it("leaves out what needs the most room, until the round ends (section 8)", () => {
    const { queue, add, show } = setUp();
    add("grows");
    add("removes", REMOVES);
    queue.take();
    add("sweeps", { ...SWEEPS, ...JOINS });
    add("grows later", JOINS);
    assertEquals([queue.lessen(), show()], [true, "removes sweeps | grows grows later"]);
    add("removes later", REMOVES);
    add("joins", { ...REMOVES, ...JOINS });
    queue.take();
    assertEquals(show(), "removes sweeps removes later joins | grows grows later");
    assertEquals(queue.takesAll, false);
    assertEquals([queue.lessen(), show()], [
      true,
      "sweeps | removes removes later joins grows grows later",
    ]);
    // What needs no room at all is refused by none.
    assertEquals(queue.lessen(), false);
    assertEquals([queue.end(), queue.takesAll], [true, true]);
    queue.take();
    assertEquals(show(), "removes removes later joins grows grows later | ");
  });

  it("lets join only what the round may need room for (section 8)", () => {
    const { queue, add, show } = setUp();
    add("grows", JOINS);
    add("removes", REMOVES);
    queue.take();
    queue.lessen();
    add("sweeps", { ...SWEEPS, ...JOINS });
    queue.join();
    assertEquals(show(), "removes sweeps | grows");
  });

  it("leaves out nothing if all need as much room, or nothing needs less that has not ended", () => {
    const { queue, add, show } = setUp();
    add("a");
    add("b");
    queue.take();
    add("removes", REMOVES).end();
    assertEquals([queue.lessen(), show()], [false, "a b | removes"]);
  });

  it("goes on with a round that needs less only for its own changes (section 8)", () => {
    const { queue, add } = setUp();
    add("grows");
    const removes = add("removes", REMOVES);
    assertEquals(queue.isWanted, true);
    queue.take();
    queue.lessen();
    assertEquals(queue.isWanted, true);
    removes.end();
    assertEquals([queue.isWanted, queue.end(), queue.isWanted], [false, true, true]);
  });

  it("drops what is given up, and hands out all that is left", () => {
    const { queue, add, show, text } = setUp();
    const [first] = [add("a"), add("b")];
    queue.take();
    const [third] = [add("c"), add("d")];
    queue.drop([first.change, third.change]);
    assertEquals(show(), "b | d");
    assertEquals([text(queue.clear()), show()], ["b d", " | "]);
  });
});
