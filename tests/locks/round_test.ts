import { assert, assertEquals, fail } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FREE, type LockCommand, type LockValue } from "../../lib/paxos/lock_register.ts";
import { round } from "./support/round.ts";
import { parseOrder, play, showLock, showResult } from "./support/scripted_lock.ts";

const order = (text: string): LockCommand => parseOrder(text.split(" "));

/** The outcome of the orders in one round with token 9: each result, and then the lock. */
function outcome(before: LockValue, ...orders: string[]): string[] {
  const { results, value } = round(before, orders.map(order), 9);
  return [...results.map((result) => result ? showResult(result) : "next round"), showLock(value)];
}

const HELD = play(`
  1  request a1  -> granted 1  a1@1
`);
const AWAITED = play(
  `
  2  request b1  -> queued     a1@1, then b1
  3  request c1  -> queued     a1@1, then b1 c1
  `,
  HELD,
);

describe("orders for one lock in one round", () => {
  it("are applied in order: the first request is granted, the others queue up behind it", () => {
    assertEquals(
      outcome(FREE, "request a1", "request b1", "request c1"),
      ["granted 9", "queued", "queued", "a1@9, then b1 c1"],
    );
  });

  it("grant shared requests together, with the token of the round", () => {
    assertEquals(
      outcome(FREE, "request a1 shared", "request b1 shared", "request c1"),
      ["granted 9", "granted 9", "queued", "a1~@9 b1~@9, then c1"],
    );
  });

  it("hand the lock over within the round", () => {
    assertEquals(outcome(HELD, "release a1", "request b1"), ["done", "granted 9", "b1@9"]);
    assertEquals(outcome(HELD, "request b1", "release a1"), ["queued", "done", "b1@9"]);
    assertEquals(
      outcome(AWAITED, "request d1", "release a1"),
      ["queued", "done", "b1@9, then c1 d1"],
    );
  });

  it("skip a request that is withdrawn in the round in which it would be granted", () => {
    assertEquals(outcome(AWAITED, "release a1", "release b1"), ["done", "done", "c1@9"]);
    assertEquals(outcome(AWAITED, "release b1", "release a1"), ["done", "done", "c1@9"]);
    assertEquals(
      outcome(AWAITED, "release c1", "release a1", "release b1"),
      ["done", "done", "done", "free"],
    );
  });

  it("write once or not at all", () => {
    assert(round(HELD, [order("release a1")], 9).writes);
    assert(!round(HELD, [order("request b1 ifAvailable"), order("release b7")], 9).writes);
  });

  it("leave a steal and all later orders for the next round once the round has granted the lock", () => {
    assertEquals(
      outcome(FREE, "request a1", "steal b1", "request c1"),
      ["granted 9", "next round", "next round", "a1@9"],
    );
    assertEquals(outcome(FREE, "steal a1", "steal b1"), ["granted 9", "next round", "a1@9"]);
    assertEquals(
      outcome(AWAITED, "release a1", "steal d1"),
      ["done", "next round", "b1@9, then c1"],
    );
  });

  it("grant a steal if the owner got the lock in an earlier round", () => {
    assertEquals(
      outcome(AWAITED, "request d1", "steal e1", "release a1"),
      ["queued", "granted 9", "done", "e1@9, then b1 c1 d1"],
    );
  });

  it("always make progress: the first of them is never left for the next round", () => {
    const ended = (session: string) => session === "a";
    for (const first of ["steal d1", "steal d1 again", "request d1", "release b1", "tidy"]) {
      const { results } = round(AWAITED, [order(first)], 9, ended);
      assert(results[0] !== undefined, first);
    }
  });

  it("never report the same token for two exclusive owners", () => {
    const befores = [FREE, HELD, AWAITED].concat(
      play(`
        1  request a1 shared  -> granted 1  a1~@1
        2  request b1 shared  -> granted 2  a1~@1 b1~@2
        3  request c1         -> queued     a1~@1 b1~@2, then c1
        4  request d1 shared  -> queued     a1~@1 b1~@2, then c1 d1~
      `),
    );
    const orders = [
      "release a1",
      "release b1",
      "release c1",
      "request e1",
      "request f1",
      "request g1 shared",
      "request h1 ifAvailable",
      "steal i1",
      "steal j1",
    ];
    let rounds = 0;
    let handovers = 0;
    for (const before of befores) {
      for (const [i, j, k] of indexes(orders.length, 3)) {
        const some = [orders[i], orders[j], orders[k]];
        const { results, value } = round(before, some.map(order), 9);
        rounds++;
        // The final holders will be told; an owner that was told already is among them or shares the lock
        // with them.
        const told = new Map(
          value.holders.map(({ pid, mode, token }) => [pid.session, { mode, token }]),
        );
        results.forEach((result, index) => {
          if (result?.kind !== "granted") return;
          const mode = some[index].endsWith("shared") ? "shared" : "exclusive";
          told.set(some[index].split(" ")[1][0], { mode, token: result.token });
        });
        const ofThisRound = [...told.values()].filter(({ token }) => token === 9);
        const exclusive = ofThisRound.filter(({ mode }) => mode === "exclusive").length;
        if (exclusive > 0 && ofThisRound.length > 1) fail(`${some}: ${showLock(value)}`);
        handovers += exclusive;
      }
    }
    assertEquals(rounds, 4 * 9 ** 3);
    assert(handovers > 1_000, `only ${handovers} exclusive grants: the test shows little`);
  });
});

/** Every sequence of `length` numbers below `count`. */
function* indexes(count: number, length: number): Generator<number[]> {
  for (let number = 0; number < count ** length; number++) {
    yield Array.from({ length }, (_, digit) => Math.floor(number / count ** digit) % count);
  }
}
