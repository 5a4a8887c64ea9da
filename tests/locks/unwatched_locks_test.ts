import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { LONG_HELD } from "../../lib/locks/lock_requests.ts";
import { UnwatchedLocks } from "../../lib/locks/unwatched_locks.ts";
import { registerId } from "../../lib/codec.ts";
import { VirtualTime } from "../support/virtual_time.ts";

const [A, B] = ["a", "b"].map((name) => registerId("l", undefined, name));

/** Locks that note which of them are watched. */
function start() {
  const time = new VirtualTime();
  let inheriting = 0;
  const inherit = () => {
    inheriting++;
    return () => void inheriting--;
  };
  const locks = new UnwatchedLocks({ runtime: time.runtime, proposals: { inherit } });
  const watched: string[] = [];
  const add = (register: typeof A, name: string) =>
    locks.add(register, (unread) => void watched.push(unread > 0 ? `${name}, unread` : name));
  return { time, locks, watched, add, inheriting: () => inheriting };
}

describe("UnwatchedLocks", () => {
  it("has a lock watched that is held for long", async () => {
    const { time, watched, add } = start();
    add(A, "one");
    await time.pass(LONG_HELD - 1);
    assertEquals(watched, []);
    await time.pass(2);
    assertEquals(watched, ["one"]);
  });

  it("has a lock watched at once that another node wants: once, all of its holders, and no other lock", async () => {
    const { time, locks, watched, add } = start();
    add(A, "one");
    add(A, "two");
    add(B, "other");
    locks.wanted(A);
    assertEquals(watched, ["one, unread", "two, unread"]);
    locks.wanted(A);
    await time.pass(LONG_HELD + 1);
    assertEquals(watched, ["one, unread", "two, unread", "other"]);
  });

  it("has none watched that is no longer held", async () => {
    const { time, locks, watched, add } = start();
    const leave = add(A, "one");
    add(A, "two");
    leave();
    locks.wanted(A);
    assertEquals(watched, ["two, unread"]);
    await time.pass(LONG_HELD + 1);
    assertEquals(watched, ["two, unread"]);
  });

  it("takes what is handed on from when the lock is held until it is watched, or no longer held", () => {
    const { locks, watched, add, inheriting } = start();
    const leave = add(A, "one");
    assertEquals(inheriting(), 1);
    leave();
    leave();
    assertEquals(inheriting(), 0);
    locks.add(A, () => watched.push(`watched, still ${inheriting()}`));
    locks.wanted(A);
    assertEquals([watched, inheriting()], [["watched, still 1"], 0]);
  });

  it("has no holder watched that has ended with the watch of another one", () => {
    const { locks, watched, add } = start();
    let leave = () => {};
    locks.add(A, () => leave());
    leave = add(A, "two");
    locks.wanted(A);
    assertEquals(watched, []);
  });
});
