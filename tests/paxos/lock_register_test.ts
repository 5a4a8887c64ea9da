import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertFalse, assertStrictEquals, fail } from "@std/assert";
import {
  applyCommand,
  FREE,
  isRequest,
  type LockCommand,
  type LockValue,
  MAX_LEFT,
  MAX_QUEUE,
  sameLock,
} from "../../lib/paxos/lock_register.ts";
import { entryOf, parseOrder, play, showLock, showResult } from "../locks/support/scripted_lock.ts";

describe("applyCommand() for requests with permits (section 9)", () => {
  it("grants them while there are fewer owners than permits, and then in order", () => {
    play(`
      1  request a1 /2  -> granted 1  a1/2@1
      2  request b1 /2  -> granted 2  a1/2@1 b1/2@2
      3  request c1 /2  -> queued     a1/2@1 b1/2@2, then c1/2
      4  request d1 /2  -> queued     a1/2@1 b1/2@2, then c1/2 d1/2
      5  release b1     -> done       a1/2@1 c1/2@5, then d1/2
      6  release a1     -> done       c1/2@5 d1/2@6
    `);
  });

  it("grants those together that fit, with one token", () => {
    play(`
      1  request a1     -> granted 1  a1@1
      2  request b1 /2  -> queued     a1@1, then b1/2
      3  request c1 /2  -> queued     a1@1, then b1/2 c1/2
      4  request d1 /2  -> queued     a1@1, then b1/2 c1/2 d1/2
      5  release a1     -> done       b1/2@5 c1/2@5, then d1/2
    `);
  });

  it("counts the permits of the one that is granted: each has its own number", () => {
    play(`
      1  request a1 /3  -> granted 1  a1/3@1
      2  request b1 /3  -> granted 2  a1/3@1 b1/3@2
      3  request c1 /1  -> queued     a1/3@1 b1/3@2, then c1/1
      4  request d1 /3  -> queued     a1/3@1 b1/3@2, then c1/1 d1/3
      5  release a1     -> done       b1/3@2, then c1/1 d1/3
      6  release b1     -> done       c1/1@6 d1/3@6
    `);
  });

  it("excludes others, shared ones too, as an exclusive request does", () => {
    play(`
      1  request a1 /2      -> granted 1  a1/2@1
      2  request b1 shared  -> queued     a1/2@1, then b1~
      3  request c1 /2      -> queued     a1/2@1, then b1~ c1/2
      4  release a1         -> done       b1~@4, then c1/2
      5  request d1         -> queued     b1~@4, then c1/2 d1
      6  release b1         -> done       c1/2@6, then d1
      7  release c1         -> done       d1@7
    `);
  });

  it("refuses one that is wanted only if available", () => {
    play(`
      1  request a1 /1              -> granted 1    a1/1@1
      2  request b1 /1 ifAvailable  -> unavailable  a1/1@1
      3  request c1 /2 ifAvailable  -> granted 3    a1/1@1 c1/2@3
    `);
  });

  it("loses no permit with an owner that has ended", () => {
    play(`
      1  request a1 /2  -> granted 1  a1/2@1
      2  request b1 /2  -> granted 2  a1/2@1 b1/2@2
      3  request c1 /2  -> queued     a1/2@1 b1/2@2, then c1/2
      -  a ends
      4  tidy           -> done       b1/2@2 c1/2@4
    `);
  });

  it("lets a thief take all of them", () => {
    play(`
      1  request a1 /2  -> granted 1  a1/2@1
      2  request b1 /2  -> granted 2  a1/2@1 b1/2@2
      3  steal c1       -> granted 3  c1@3
    `);
  });
});

describe("applyCommand() for a request", () => {
  it("grants a free lock at once, with the token of the round", () => {
    play(`
      7  request a1  -> granted 7  a1@7
    `);
  });

  it("queues requests while it is held, and grants in the order of arrival", () => {
    play(`
      1  request a1  -> granted 1  a1@1
      2  request b1  -> queued     a1@1, then b1
      3  request c1  -> queued     a1@1, then b1 c1
      4  request a2  -> queued     a1@1, then b1 c1 a2
      5  release a1  -> done       b1@5, then c1 a2
      6  release b1  -> done       c1@6, then a2
      7  release c1  -> done       a2@7
      8  release a2  -> done       free
    `);
  });

  it("keeps requests of one session apart, even of one process", () => {
    play(`
      1  request a1  -> granted 1  a1@1
      2  request a2  -> queued     a1@1, then a2
      3  release a2  -> done       a1@1
    `);
  });

  it("takes effect once when it is repeated: held, queued, and granted meanwhile", () => {
    play(`
      1  request a1  -> granted 1  a1@1
      2  request a1  -> granted 1  a1@1
      3  request b1  -> queued     a1@1, then b1
      4  request b1  -> queued     a1@1, then b1
      5  release a1  -> done       b1@5
      6  request b1  -> granted 5  b1@5
    `);
  });

  it("returns the same value object if nothing changes, so that nothing is written", () => {
    const held = play(`
      1  request a1  -> granted 1  a1@1
    `);
    const again = applyCommand(held, parseOrder(["request", "a1"]), 2, () => false);
    assertStrictEquals(again.value, held);
  });
});

describe("applyCommand() for shared requests", () => {
  it("grants all shared requests, each with the token of its own round", () => {
    play(`
      1  request a1 shared  -> granted 1  a1~@1
      2  request b1 shared  -> granted 2  a1~@1 b1~@2
      3  release a1         -> done       b1~@2
      4  release b1         -> done       free
    `);
  });

  it("does not let them overtake a waiting exclusive one", () => {
    play(`
      1  request a1 shared  -> granted 1  a1~@1
      2  request b1         -> queued     a1~@1, then b1
      3  request c1 shared  -> queued     a1~@1, then b1 c1~
      4  release a1         -> done       b1@4, then c1~
      5  release b1         -> done       c1~@5
    `);
  });

  it("grants those at the head of the queue together, with one token, up to the next exclusive one", () => {
    play(`
      1  request a1         -> granted 1  a1@1
      2  request b1 shared  -> queued     a1@1, then b1~
      3  request c1 shared  -> queued     a1@1, then b1~ c1~
      4  request d1         -> queued     a1@1, then b1~ c1~ d1
      5  request e1 shared  -> queued     a1@1, then b1~ c1~ d1 e1~
      6  release a1         -> done       b1~@6 c1~@6, then d1 e1~
      7  release c1         -> done       b1~@6, then d1 e1~
      8  release b1         -> done       d1@8, then e1~
    `);
  });

  it("grants the shared ones behind an exclusive one that stops waiting", () => {
    play(`
      1  request a1 shared  -> granted 1  a1~@1
      2  request b1         -> queued     a1~@1, then b1
      3  request c1 shared  -> queued     a1~@1, then b1 c1~
      4  release b1         -> done       a1~@1 c1~@4
    `);
  });
});

describe("applyCommand() for a request ifAvailable", () => {
  it("grants a lock that is free or can be shared, and refuses otherwise without a change", () => {
    play(`
      1  request a1 ifAvailable         -> granted 1  a1@1
      2  request b1 ifAvailable         -> unavailable a1@1
      3  release a1                     -> done       free
      4  request b1 shared ifAvailable  -> granted 4  b1~@4
      5  request c1 shared ifAvailable  -> granted 5  b1~@4 c1~@5
      6  request d1 ifAvailable         -> unavailable b1~@4 c1~@5
    `);
  });

  it("does not overtake a waiting request", () => {
    play(`
      1  request a1 shared              -> granted 1  a1~@1
      2  request b1                     -> queued     a1~@1, then b1
      3  request c1 shared ifAvailable  -> unavailable a1~@1, then b1
    `);
  });

  it("returns its grant when it is repeated", () => {
    play(`
      1  request a1 ifAvailable  -> granted 1  a1@1
      2  request a1 ifAvailable  -> granted 1  a1@1
    `);
  });

  it("gets a lock that an ended session held", () => {
    play(`
      1  request a1              -> granted 1  a1@1
      -  a ends
      2  request b1 ifAvailable  -> granted 2  b1@2
    `);
  });
});

describe("applyCommand() for a steal", () => {
  it("takes the lock from its holder and leaves the queue as it is", () => {
    play(`
      1  request a1  -> granted 1  a1@1
      2  request b1  -> queued     a1@1, then b1
      3  steal c1    -> granted 3  c1@3, then b1
      4  release a1  -> done       c1@3, then b1
      5  release c1  -> done       b1@5
    `);
  });

  it("takes it from all shared holders", () => {
    play(`
      1  request a1 shared  -> granted 1  a1~@1
      2  request b1 shared  -> granted 2  a1~@1 b1~@2
      3  steal c1           -> granted 3  c1@3
    `);
  });

  it("takes a free lock as any request does", () => {
    play(`
      1  steal a1  -> granted 1  a1@1
    `);
  });

  it("returns its grant when it is repeated", () => {
    play(`
      1  steal a1        -> granted 1  a1@1
      2  steal a1 again  -> granted 1  a1@1
    `);
  });

  it("is not repeated once it was sent and is not found: another one may have stolen the lock from it", () => {
    play(`
      1  steal a1        -> granted 1  a1@1
      2  steal b1        -> granted 2  b1@2
      3  steal a1 again  -> stolen     b1@2
      4  release b1      -> done       free
      5  steal a1 again  -> stolen     free
    `);
  });

  it("waits for the next round if this same round has granted the lock", () => {
    play(`
      1  request a1  -> granted 1  a1@1
      1  steal b1    -> later      a1@1
      2  steal b1    -> granted 2  b1@2
    `);
    play(`
      1  request a1  -> granted 1  a1@1
      2  request b1  -> queued     a1@1, then b1
      3  release a1  -> done       b1@3
      3  steal c1    -> later      b1@3
      4  steal c1    -> granted 4  c1@4
    `);
  });

  it("takes a lock that an ended session held before the queue is granted it", () => {
    play(`
      1  request a1  -> granted 1  a1@1
      2  request b1  -> queued     a1@1, then b1
      -  a ends
      3  steal c1    -> granted 3  c1@3, then b1
    `);
  });

  it("does the common part of every order even if it is not repeated: a waiting request gets a free lock", () => {
    play(`
      1  request a1      -> granted 1  a1@1
      2  request b1      -> queued     a1@1, then b1
      -  a ends
      3  steal c1 again  -> stolen     b1@3
    `);
  });
});

describe("applyCommand() for a release", () => {
  it("removes a waiting request, and moves the others up", () => {
    play(`
      1  request a1  -> granted 1  a1@1
      2  request b1  -> queued     a1@1, then b1
      3  request c1  -> queued     a1@1, then b1 c1
      4  release b1  -> done       a1@1, then c1
      5  release a1  -> done       c1@5
    `);
  });

  it("changes nothing for an absent request, and is harmless when repeated", () => {
    play(`
      1  release a1  -> done       free
      2  request a1  -> granted 2  a1@2
      3  release a2  -> done       a1@2
      4  release b1  -> done       a1@2
      5  release a1  -> done       free
      6  release a1  -> done       free
    `);
  });

  it("finds only the request of its own session", () => {
    play(`
      1  request a1  -> granted 1  a1@1
      2  request b1  -> queued     a1@1, then b1
      3  release b1  -> done       a1@1
    `);
  });
});

describe("applyCommand() with sessions that have ended", () => {
  for (const order of ["tidy", "release z9", "request z1 ifAvailable"]) {
    it(`drops their entries before anything else, and grants to the next: ${order}`, () => {
      const before = play(`
        1  request a1         -> granted 1  a1@1
        2  request b1         -> queued     a1@1, then b1
        3  request a2         -> queued     a1@1, then b1 a2
        4  request c1 shared  -> queued     a1@1, then b1 a2 c1~
        5  request d1 shared  -> queued     a1@1, then b1 a2 c1~ d1~
      `);
      const result = order.startsWith("request") ? "unavailable" : "done";
      play(
        `
        -  a ends
        -  b ends
        6  ${order}  -> ${result}  c1~@6 d1~@6
        `,
        before,
      );
    });
  }

  it("frees a lock without remaining entries", () => {
    play(`
      1  request a1  -> granted 1  a1@1
      2  request b1  -> queued     a1@1, then b1
      -  a ends
      -  b ends
      3  tidy        -> done       free
    `);
  });

  it("changes nothing else: live entries keep place and token", () => {
    play(`
      1  request a1 shared  -> granted 1  a1~@1
      2  request b1 shared  -> granted 2  a1~@1 b1~@2
      3  request c1         -> queued     a1~@1 b1~@2, then c1
      -  a ends
      4  tidy               -> done       b1~@2, then c1
    `);
  });

  it("puts no request of theirs into it", () => {
    play(`
      1  request a1              -> granted 1  a1@1
      2  request b1              -> queued     a1@1, then b1
      -  b ends
      3  request b1              -> ended      a1@1
      4  request b2 ifAvailable  -> ended      a1@1
      5  steal b3                -> ended      a1@1
      -  a ends
      6  request a1              -> ended      free
    `);
  });

  it("tidy without them returns the same value object", () => {
    const held = play(`
      1  request a1  -> granted 1  a1@1
      2  request b1  -> queued     a1@1, then b1
    `);
    assertStrictEquals(applyCommand(held, { type: "tidy" }, 3, () => false).value, held);
  });
});

describe("applyCommand() with a long queue", () => {
  const names = Array.from({ length: MAX_QUEUE }, (_, index) => `b${index + 1}`);
  const full: LockValue = {
    holders: [entryOf("a1", "exclusive", 1)],
    queue: names.map((name) => entryOf(name)),
    ...{ term: 1, left: [] },
  };
  const apply = (value: LockValue, order: string) =>
    applyCommand(value, parseOrder(order.split(" ")), 9, () => false);

  it("lets 4,096 requests wait, and refuses the next one with queue_full", () => {
    assertEquals(MAX_QUEUE, 4_096);
    const oneLess = { ...full, queue: full.queue.slice(0, -1) };
    assertEquals(apply(oneLess, "request c1").result, { kind: "queued" });
    const { value, result } = apply(full, "request c1");
    assertEquals(result, { kind: "queue_full" });
    assertStrictEquals(value, full);
  });

  it("has room again when one of them stops waiting, or the holder leaves", () => {
    for (const order of ["release b77", "release a1"]) {
      const { value } = apply(full, order);
      assertEquals(apply(value, "request c1").result, { kind: "queued" }, order);
    }
  });

  it("still recognises waiting requests, refuses ifAvailable, and grants a steal", () => {
    assertEquals(showResult(apply(full, "request b4096").result), "queued");
    assertEquals(showResult(apply(full, "request c1 ifAvailable").result), "unavailable");
    const { value } = apply(full, "steal c1");
    assertEquals(showLock({ ...value, queue: [] }), "c1@9");
    assertEquals(value.queue.length, MAX_QUEUE);
  });
});

describe("applyCommand()", () => {
  it("changes neither the value nor the entry that it is given", () => {
    const frozen = (entry: ReturnType<typeof entryOf>) => Object.freeze(entry);
    const value: LockValue = Object.freeze({
      holders: Object.freeze([frozen(entryOf("a1", "exclusive", 1))]),
      queue: Object.freeze([frozen(entryOf("b1")), frozen(entryOf("c1"))]),
      ...{ term: 1, left: Object.freeze([]) },
    });
    for (const order of ["request d1", "steal d1", "release a1", "release b1", "tidy"]) {
      applyCommand(value, parseOrder(order.split(" ")), 2, () => false);
      applyCommand(value, parseOrder(order.split(" ")), 2, (session) => session === "a");
    }
    assertEquals(showLock(value), "a1@1, then b1 c1");
    assertEquals(showLock(FREE), "free");
  });

  it("always has a holder when a request waits, and never an exclusive one beside another", () => {
    // Every sequence of five orders of two sessions, one of which may end at any time.
    const orders = [
      "request a1",
      "request a2 shared",
      "request b1",
      "request b2 shared",
      "request b3 ifAvailable",
      "steal b4",
      "steal b4 again",
      "release a1",
      "release b1",
      "release b2",
    ].map((order) => parseOrder(order.split(" ")));
    let states = 0;
    const explore = (value: LockValue, token: number, ended: boolean) => {
      states++;
      const { holders, queue } = value;
      const entries = [...holders, ...queue];
      const isShared = holders.every(({ mode }) => mode === "shared");
      const ids = entries.map(({ pid, request }) => pid.session + request);
      if (
        (holders.length === 0 && queue.length > 0) || (holders.length > 1 && !isShared) ||
        new Set(ids).size < ids.length ||
        (ended && entries.some(({ pid }) => pid.session === "a")) ||
        holders.some((entry) => entry.token < 1 || entry.token >= token) ||
        queue.some((entry) => entry.token !== 0)
      ) fail(showLock(value));
      if (token > 5) return;
      for (const order of orders) {
        const isOfEnded = order.type === "request" && order.entry.pid.session === "a";
        for (const ends of ended ? [true] : [false, true]) {
          if (ends && isOfEnded) continue; // nothing is proposed for a session that has ended
          const after = applyCommand(value, order, token, (session) => ends && session === "a");
          explore(after.value, token + 1, ends);
        }
      }
    };
    explore(FREE, 1, false);
    assertEquals(states, 405_759);
  });
});

describe("isRequest()", () => {
  it("tells requests apart by session and number, not by process", () => {
    const entry = entryOf("a1");
    assert(isRequest(entry, "a", 1));
    assertFalse(isRequest(entry, "a", 2));
    assertFalse(isRequest(entry, "b", 1));
  });
});

describe("sameLock()", () => {
  const lock = (holders: string[], queue: string[], token = 1): LockValue => ({
    holders: holders.map((name) => entryOf(name, "exclusive", token)),
    queue: queue.map((name) => entryOf(name)),
    ...{ term: 0, left: [] },
  });

  it("compares holders and waiting requests, in their order, and the tokens", () => {
    assert(sameLock(lock(["a1"], ["b1", "c1"]), lock(["a1"], ["b1", "c1"])));
    assert(sameLock(FREE, lock([], [])));
    for (
      const other of [
        lock(["a1"], ["b1"]),
        lock(["a1"], ["c1", "b1"]),
        lock(["a2"], ["b1", "c1"]),
        lock(["b1"], ["b1", "c1"]),
        lock([], ["b1", "c1"]),
        lock(["a1"], ["b1", "c1"], 2),
        lock(["a1", "a2"], ["b1", "c1"]),
      ]
    ) {
      assertFalse(sameLock(lock(["a1"], ["b1", "c1"]), other), showLock(other));
      assertFalse(sameLock(other, lock(["a1"], ["b1", "c1"])), showLock(other));
    }
  });
});

describe("applyCommand() with orders that are handed over", () => {
  const none = () => false;
  const held = applyCommand(FREE, parseOrder(["request", "a1"]), 5, none).value;
  const order = (term: number, ...names: string[]): LockCommand => ({
    type: "order",
    term,
    entries: names.map((name) => entryOf(name)),
  });
  const leave = (name: string): LockCommand => {
    const { pid, request } = entryOf(name);
    return { type: "release", session: pid.session, request, ordered: true };
  };

  it("queues them all, once, in the term that they saw", () => {
    const { value, result } = applyCommand(held, order(5, "b1", "b2"), 6, none);
    assertEquals([showLock(value), result.kind, value.term], ["a1@5, then b1 b2", "queued", 5]);
    assertEquals(applyCommand(value, order(5, "b1", "b2"), 7, none).value, value);
    assertEquals(
      showLock(applyCommand(value, order(5, "b2", "b3"), 7, none).value),
      "a1@5, then b1 b2 b3",
    );
  });

  it("is void without a holder, in another term, and for a session that has ended", () => {
    for (const [lock, term] of [[FREE, 0], [held, 4], [held, 6]] as const) {
      const { value, result } = applyCommand(lock, order(term, "b1"), 7, none);
      assertEquals([result.kind, showLock(value)], ["void", showLock(lock)]);
    }
    const hasEnded = (session: string) => session === "b";
    assertEquals(applyCommand(held, order(5, "b1"), 7, hasEnded).result.kind, "void");
    const free = applyCommand(held, parseOrder(["release", "a1"]), 6, none).value;
    assertStrictEquals(free, FREE);
    assertEquals(applyCommand(free, parseOrder(["request", "a2"]), 8, none).value.term, 8);
  });

  it("is void if a request of it has left, whether it was there or not", () => {
    const gone = applyCommand(held, leave("b2"), 6, none).value;
    assertEquals(gone.left, [{ session: "b", request: 2 }]);
    for (
      const [names, kind] of [[["b1"], "void"], [["b2", "b3"], "void"], [["b3"], "queued"]] as const
    ) {
      assertEquals(applyCommand(gone, order(5, ...names), 7, none).result.kind, kind, names.join());
    }
    assertEquals(applyCommand(gone, leave("b1"), 7, none).value, gone);
    // The end of the session ends no order of it that is under way.
    assertEquals(applyCommand(gone, { type: "tidy" }, 7, (one) => one === "b").value, gone);
  });

  it("is void once requests of any session were dropped with it: a new term begins", () => {
    const hasEnded = (session: string) => session === "b";
    const queued = applyCommand(held, order(5, "b1"), 6, none).value;
    const left = applyCommand(queued, leave("c1"), 7, none).value;
    const { value } = applyCommand(left, { type: "tidy" }, 8, hasEnded);
    assertEquals([showLock(value), value.left, value.term], ["a1@5", [], 8]);
    for (const name of ["b1", "c1", "d1"]) {
      assertEquals(applyCommand(value, order(5, name), 9, none).result.kind, "void", name);
    }
    assertEquals(applyCommand(value, order(8, "d1"), 9, none).result.kind, "queued");
  });

  it("is void for all once too many sessions have left: a new term begins", () => {
    let value = held;
    for (let n = 1; n <= MAX_LEFT; n++) {
      const session = `s${n}`;
      value = applyCommand(value, { ...leave("b1"), session } as LockCommand, 10 + n, none).value;
    }
    assertEquals([value.left.length, value.term], [MAX_LEFT, 5]);
    value = applyCommand(value, leave("c1"), 99, none).value;
    assertEquals([value.left, value.term], [[], 99]);
    assertEquals(applyCommand(value, order(5, "d1"), 100, none).result.kind, "void");
    assertEquals(applyCommand(value, order(99, "d1"), 100, none).result.kind, "queued");
  });

  it("is applied as a whole or not at all", () => {
    const names = Array.from({ length: MAX_QUEUE - 1 }, (_, index) => `b${index + 1}`);
    const nearlyFull = { ...held, queue: names.map((name) => entryOf(name)) };
    const { value, result } = applyCommand(nearlyFull, order(5, "c1", "c2"), 9, none);
    assertEquals([result.kind, value.queue.length], ["queue_full", MAX_QUEUE - 1]);
    assertEquals(applyCommand(nearlyFull, order(5, "c1"), 9, none).result.kind, "queued");
  });
});
