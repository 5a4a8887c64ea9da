// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Life } from "../../../lib/paxos/ballot.ts";
import type { Chosen, RegisterChange } from "../../../lib/paxos/change.ts";
import { append, look, release, setOnce, textOf } from "../../paxos/support/changes.ts";
import { acceptRequest } from "../../support/accept_request.ts";
import { KEY, life, ScriptedNode, sendable } from "../../support/scripted_node.ts";

/** Proposes `change`; its messages are in transit. */
function propose<R>(
  node: ScriptedNode,
  change: RegisterChange<R>,
  options: {
    mustWrite?: boolean;
    keepPromise?: boolean;
    retryAtOnce?: boolean;
    joins?: boolean;
    signal?: AbortSignal;
  } = {},
): { promise: Promise<Chosen<R>>; chosen(): Chosen<R> | undefined } {
  const promise = node.core.proposals.change(KEY, sendable(change), {
    deadline: Infinity,
    ...options,
  });
  let chosen: Chosen<R> | undefined;
  promise.then((outcome) => chosen = outcome, () => {});
  return { promise, chosen: () => chosen };
}

describe("Proposals: changes of one register", () => {
  it("that wait are combined in one round", async () => {
    const node = await ScriptedNode.start();
    propose(node, look);
    const first = propose(node, setOnce("x"));
    const second = propose(node, setOnce("y"));
    for (let round = 0; round < 3; round++) await node.ask("a", "b");
    node.expect(`
      a< prepare 1x
      a> promise 1x, none
      b< prepare 1x
      b> promise 1x, none
      a< prepare 2x
      a> promise 2x, none
      b< prepare 2x
      b> promise 2x, none
      a< accept 2x x@2
      a> accepted 2x
      b< accept 2x x@2
      b> accepted 2x
    `);
    assertEquals([first.chosen()?.result, second.chosen()?.result], ["x", "x"]);
  });

  it("that arrive while one is under way are made in the next round, in their order", async () => {
    const node = await ScriptedNode.start();
    const letters = ["x", "y", "z"].map((letter) => propose(node, append(letter)));
    for (let round = 0; round < 3; round++) {
      await node.ask("a", "b");
      await node.ask("a", "b");
    }
    assertEquals(letters.map(({ chosen }) => chosen()?.result), ["x", "xy", "xyz"]);
  });

  it("a later one does not overtake one that was left for the next round", async () => {
    const node = await ScriptedNode.start();
    propose(node, look);
    const first = propose(node, setOnce("x"));
    const left = propose(node, append("y"));
    await node.ask("a", "b");
    await node.ask("a", "b");
    const later = propose(node, append("z"));
    for (let round = 0; round < 3; round++) {
      await node.ask("a", "b");
      await node.ask("a", "b");
    }
    assertEquals([first, left, later].map(({ chosen }) => chosen()?.result), ["x", "xy", "xyz"]);
  });

  it("one that ends itself while it looks at a state ends its attempt", async () => {
    const node = await ScriptedNode.start();
    const aborter = new AbortController();
    const end: RegisterChange<null> = () => {
      aborter.abort(new Error("its session is over"));
      return { draft: null, result: null };
    };
    const { promise } = propose(node, end, { signal: aborter.signal });
    const ended = promise.then(() => "chosen", (error) => error.message);
    await node.ask("a", "b");
    assertEquals(await ended, "its session is over");
    const next = propose(node, append("x"));
    for (let round = 0; round < 2; round++) await node.ask("a", "b");
    assertEquals(next.chosen()?.result, "x");
  });

  it("one that is no longer waited for is not made", async () => {
    const node = await ScriptedNode.start();
    const aborter = new AbortController();
    propose(node, look);
    propose(node, setOnce("x"), { signal: aborter.signal });
    const second = propose(node, setOnce("y"));
    await node.ask("a", "b");
    await node.ask("a");
    aborter.abort();
    await node.ask("b");
    await node.ask("a", "b");
    assertEquals(second.chosen()?.result, "y");
  });
});

describe("Proposals: an end without a write", () => {
  it("a change that leaves a chosen state as it is writes nothing", async () => {
    const node = await ScriptedNode.start();
    node.rival(5, "x", "a", "b");
    node.engine.clock.observe(5);
    const change = propose(node, look);
    await node.ask("a", "b");
    assertEquals(textOf(change.chosen()?.state ?? null), "x");
    assertEquals(node.trace.filter((line) => line.includes("accept")).length, 0);
  });

  it("with mustWrite it still writes: an earlier write of it can then no longer be chosen", async () => {
    const node = await ScriptedNode.start();
    node.rival(5, "x", "a", "b");
    node.engine.clock.observe(5);
    const change = propose(node, look, { mustWrite: true });
    await node.ask("a", "b");
    assertEquals(change.chosen(), undefined);
    await node.ask("a", "b");
    assertEquals(textOf(change.chosen()?.state ?? null), "x");
    // The same for an absent register.
    const other = await ScriptedNode.start();
    const undo = propose(other, release, { mustWrite: true });
    await other.ask("a", "b");
    await other.ask("a", "b");
    assertEquals(undo.chosen()?.state, { present: false, token: 1 });
  });

  it("one that has been sent writes in every later attempt, also in a later round", async () => {
    const node = await ScriptedNode.start();
    // The first changes nothing at first, so the second is sent; then it is refused.
    let quiet = true;
    propose(node, look);
    const first = propose<unknown>(node, (current) => quiet ? look(current) : append("a")(current));
    const second = propose(node, append("s"));
    await node.ask("a", "b");
    await node.ask("a", "b");
    node.rival(50, "r", "b", "c");
    quiet = false;
    await node.ask("b", "c");
    // Now the first writes, and the second, which would overwrite that, is left for the next round.
    await node.time.pass(600);
    await node.lose("a");
    await node.ask("b", "c");
    await node.ask("b", "c");
    assertEquals([textOf(first.chosen()?.state ?? null), second.chosen()], ["ra", undefined]);
    // A rival has meanwhile made the same change: nothing is left to change, but it still writes.
    node.rival(90, "rs", "b", "c");
    node.trace.length = 0;
    await node.ask("b", "c");
    await node.time.pass(600);
    for (let round = 0; round < 3; round++) await node.ask("b", "c");
    assertEquals(textOf(second.chosen()?.state ?? null), "rs");
    assertEquals(node.trace.some((line) => /< accept \d+x rs@90/.test(line)), true);
  });
});

describe("Proposals: kept promises", () => {
  it("are requested only by a change with another to follow, and serve the next change", async () => {
    const node = await ScriptedNode.start();
    propose(node, setOnce("x"), { keepPromise: true });
    await node.ask("a", "b");
    await node.ask("a", "b");
    node.trace.length = 0;
    const change = propose(node, release);
    await node.ask("a", "b");
    node.expect(`
      a< accept 2x absent@2, or prepare 7x
      a> accepted 2x
      b< accept 2x absent@2, or prepare 7x
      b> accepted 2x
    `);
    assertEquals(change.chosen()?.state, { present: false, token: 2 });
  });

  it("are requested for the life that is likely to make the next change, if it is this one", async () => {
    const node = await ScriptedNode.start();
    const by = (heir: Life): RegisterChange<string> => (current) => ({
      ...append("x")(current),
      heir,
    });
    for (const [heir, rounds] of [[node.engine.life, 1], [life("r"), 2]] as const) {
      propose(node, release);
      propose(node, by(heir));
      for (let round = 0; round < 4; round++) await node.ask("a", "b");
      const next = propose(node, release);
      for (let round = 1; round <= rounds; round++) {
        assertEquals(next.chosen(), undefined);
        await node.ask("a", "b");
      }
      assertEquals(next.chosen()?.state?.present, false);
    }
  });

  for (
    const [what, counter, type] of [
      ["are not used once a member has told that a rival has a higher one", 9, "prepare"],
      ["are used if a member tells of a lower one", 7, "accept"],
      ["are used if no member tells of a rival", 0, "accept"],
    ] as const
  ) {
    it(`that were handed on ${what}`, async () => {
      const node = await ScriptedNode.start();
      const { proposals, watches } = node.core;
      proposals.inherit(KEY);
      watches.watch(KEY, (learned) => proposals.learned(KEY, learned));
      const watch = (await node.asked("a")).find((one) => one.type === "watch");
      await node.ask("a", "b", "c");
      const ballot = { counter: 7, life: life("q") };
      const state = {
        ...{ present: true, token: 7, over: 0, op: `${life("q")}/1`, value: new Uint8Array(1) },
        ...{ bindings: [], owners: [] },
      } as const;
      const accept = { ...acceptRequest(KEY, ballot, state), id: 1, next: true, heir: life(9) };
      for (const member of ["a", "b"]) node.give(member, accept);
      await node.hear("a", "b");
      const promised = { counter, life: life("r") };
      const id = watch?.id ?? 0;
      if (counter > 0) node.receive("a", { replies: [{ id, type: "nack", promised }] });
      propose(node, release);
      assertEquals((await node.asked("c")).at(-1)?.type, type);
    });
  }

  it("serve once: a ballot is never used for two states", async () => {
    const node = await ScriptedNode.start();
    propose(node, setOnce("x"), { keepPromise: true });
    await node.ask("a", "b");
    await node.ask("a", "b");
    propose(node, append("y"));
    propose(node, append("z"));
    await node.ask("a", "b");
    node.trace.length = 0;
    await node.ask("a");
    node.expect(`
      a< prepare 8x
      a> promise 8x, xy@2 at 2x
    `);
  });

  it("are dropped when a higher ballot is known to be chosen, and not before", async () => {
    for (
      const [counter, first] of [[1, "accept 2x absent@2, or prepare 7x"], [
        2,
        "prepare 3x",
      ]] as const
    ) {
      const node = await ScriptedNode.start();
      propose(node, setOnce("x"), { keepPromise: true });
      await node.ask("a", "b");
      await node.ask("a", "b");
      node.trace.length = 0;
      node.core.proposals.outdated(KEY, { counter, life: life("r") });
      propose(node, release);
      await node.ask("a");
      assertEquals(node.trace[0], `a< ${first}`);
    }
  });

  it("end with the cluster that gave them", async () => {
    const node = await ScriptedNode.start();
    propose(node, setOnce("x"), { keepPromise: true });
    await node.ask("a", "b");
    await node.ask("a", "b");
    node.trace.length = 0;
    node.core.proposals.restart();
    propose(node, release);
    await node.ask("a");
    assertEquals(node.trace[0], "a< prepare 3x");
  });

  it("are not used again after a nack, nor after a time without an answer", async () => {
    const node = await ScriptedNode.start();
    propose(node, setOnce("x"), { keepPromise: true });
    await node.ask("a", "b");
    await node.ask("a", "b", "c");
    node.rival(37, "r", "b", "c");
    node.trace.length = 0;
    const change = propose(node, release);
    await node.ask("a", "b", "c");
    // Two have promised a higher ballot, even than the fallback: the state that it releases is not the one that
    // it kept.
    await node.ask("b", "c");
    await node.ask("b", "c");
    assertEquals(
      node.trace.filter((line) => line.includes("<")),
      [
        "a< accept 2x absent@2, or prepare 7x",
        "b< accept 2x absent@2, or prepare 7x",
        "c< accept 2x absent@2, or prepare 7x",
        "b< prepare 38x",
        "c< prepare 38x",
        "b< accept 38x absent@38",
        "c< accept 38x absent@38",
      ],
    );
    assertEquals(change.chosen()?.state, { present: false, token: 38 });
  });

  it("go with a fallback: outdated by a rival, they cost no more than a change without them", async () => {
    const node = await ScriptedNode.start();
    propose(node, setOnce("x"), { keepPromise: true });
    await node.ask("a", "b");
    await node.ask("a", "b", "c");
    node.rival(5, "r", "b", "c");
    node.trace.length = 0;
    const change = propose(node, release);
    await node.ask("b", "c");
    await node.ask("b", "c");
    node.expect(`
      b< accept 2x absent@2, or prepare 7x
      b> promise 7x, r@5 at 5r
      c< accept 2x absent@2, or prepare 7x
      c> promise 7x, r@5 at 5r
      b< accept 7x absent@7
      b> accepted 7x
      c< accept 7x absent@7
      c> accepted 7x
    `);
    assertEquals(change.chosen()?.state, { present: false, token: 7 });
  });
});

describe("Proposals: changes that join", () => {
  /** Appends a letter, also to what another change of the same round writes. */
  const merging = (letter: string): RegisterChange<string> => (current) => ({
    ...append(letter)(current),
    merges: true,
  });

  it("are part of a round that has its promises after them, and of no other", async () => {
    const node = await ScriptedNode.start();
    const first = propose(node, merging("x"), { joins: true });
    await node.ask("a");
    const second = propose(node, merging("y"), { joins: true });
    assertEquals(node.core.proposals.canJoin(KEY), true);
    await node.ask("b");
    const third = propose(node, merging("z"), { joins: true });
    assertEquals(node.core.proposals.canJoin(KEY), false);
    await node.ask("a", "b");
    assertEquals([first, second, third].map(({ chosen }) => chosen()?.result), [
      ...["x", "xy"],
      undefined,
    ]);
    for (let round = 0; round < 2; round++) await node.ask("a", "b");
    assertEquals(third.chosen()?.result, "xyz");
  });

  it("do not pass one that does not join", async () => {
    const node = await ScriptedNode.start();
    propose(node, merging("x"));
    await node.ask("a");
    const stays = propose(node, merging("y"));
    const joins = propose(node, merging("z"), { joins: true });
    await node.ask("b");
    await node.ask("a", "b");
    assertEquals([stays.chosen(), joins.chosen()], [undefined, undefined]);
    for (let round = 0; round < 2; round++) await node.ask("a", "b");
    assertEquals([stays, joins].map(({ chosen }) => chosen()?.result), ["xy", "xyz"]);
  });

  it("write, even if they change nothing: the promises may be from before them", async () => {
    const node = await ScriptedNode.start();
    node.rival(1, "x", "a", "b");
    node.engine.clock.observe(1);
    propose(node, look, { joins: true });
    await node.ask("a");
    const joined = propose(node, look, { joins: true });
    await node.ask("b");
    assertEquals(joined.chosen(), undefined);
    await node.ask("a", "b");
    assertEquals(textOf(joined.chosen()?.state ?? null), "x");
    assertEquals(node.trace.filter((line) => line.includes("< accept")).length, 2);
  });
});

describe("Proposals: a rival that was refused by a kept promise", () => {
  it("is not refused by another one soon: that has no fallback", async () => {
    const node = await ScriptedNode.start();
    propose(node, setOnce("x"), { keepPromise: true });
    await node.ask("a", "b");
    await node.ask("a", "b", "c");
    node.rival(5, "r", "b", "c");
    propose(node, append("y"), { keepPromise: true });
    await node.ask("a", "b", "c");
    await node.ask("a", "b", "c");
    node.trace.length = 0;
    const change = propose(node, release);
    await node.ask("a");
    assertEquals(node.trace[0], "a< accept 8x absent@8");
    await node.ask("b");
    assertEquals(change.chosen()?.state, { present: false, token: 8 });
  });
});

describe("Proposals: the fallback of a kept promise", () => {
  it("a change ends with one member down, though one accepted it and one had promised a rival", async () => {
    const node = await ScriptedNode.start();
    propose(node, setOnce("x"), { keepPromise: true });
    await node.ask("a", "b");
    await node.ask("a", "b");
    const ballot = { counter: 3, life: life("r") };
    const prepare = { id: 0, type: "prepare", register: KEY, ballot } as const;
    node.voter("b").handle(prepare, { node: "r", life: life("r") }, 0);
    const change = propose(node, release);
    for (let round = 0; round < 4; round++) {
      await node.ask("a", "b");
      await node.time.pass(100);
    }
    assertEquals(change.chosen()?.state?.present, false);
  });

  it("leaves no promise behind when nothing was written", async () => {
    const node = await ScriptedNode.start();
    propose(node, setOnce("x"), { keepPromise: true });
    await node.ask("a", "b");
    await node.ask("a", "b", "c");
    node.rival(2, "r", "b", "c");
    const found = propose(node, setOnce("y"), { keepPromise: true });
    await node.ask("a", "b", "c");
    assertEquals(textOf(found.chosen()?.state ?? null), "r");
    node.trace.length = 0;
    propose(node, release);
    await node.ask("a");
    assertEquals(node.trace[0], "a< prepare 8x");
  });
});

describe("Proposals: changes that others wait for", () => {
  it("are retried at once after the first nack, and later after a wait like all others", async () => {
    for (const retryAtOnce of [true, false]) {
      const node = await ScriptedNode.start();
      const asks = async (counter: number) => {
        node.rival(counter, "r", "a", "b", "c");
        await node.ask("a", "b", "c");
        return (await node.asked("a")).length > 0;
      };
      propose(node, append("x"), { retryAtOnce });
      assertEquals(await asks(50), retryAtOnce);
      if (!retryAtOnce) {
        await node.time.pass(600);
        // Its clock may only be behind since it waited.
        assertEquals(await asks(70), true);
      }
      // Only once: otherwise the nacks of two of them would repeat for ever.
      assertEquals(await asks(90), false);
      await node.time.pass(600);
      assertEquals((await node.asked("a")).length > 0, true);
    }
  });
});
