// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { EndedLives, lifeOf, MAX_ENDED_LIVES } from "../../lib/paxos/ended_lives.ts";

describe("EndedLives (section 6)", () => {
  it("knows the lives that are proved to be over, and their sessions", () => {
    const lives = new EndedLives();
    assertEquals(lives.hasOwnerOf("a/x/1"), false);
    lives.add("x", 0);
    assertEquals(["x", "y", "a"].map((life) => lives.has(life)), [true, false, false]);
    const sessions = ["a/x/1", "b/x/2", "~a/x/1", "x/y/1", "a/xx/1"];
    assertEquals(sessions.map((one) => lives.hasOwnerOf(one)), [true, true, true, false, false]);
  });

  it("drops the lives whose latest proof is old", () => {
    const lives = new EndedLives();
    for (const [life, now] of [["x", 1], ["y", 2], ["z", 3], ["x", 4]] as const) {
      lives.add(life, now);
    }
    assertEquals([lives.size, lives.lives()], [3, ["y", "z", "x"]]);
    lives.dropUntil(1);
    assertEquals(lives.lives(), ["y", "z", "x"]);
    lives.dropUntil(3);
    assertEquals(lives.lives(), ["x"]);
    lives.dropUntil(4);
    assertEquals([lives.size, lives.has("x")], [0, false]);
  });

  it("keeps a bounded number, of which the oldest are dropped first", () => {
    const lives = new EndedLives();
    for (let i = 0; i < MAX_ENDED_LIVES; i++) lives.add(`x${i}`, i);
    assertEquals([lives.size, lives.has("x0")], [MAX_ENDED_LIVES, true]);
    for (let i = 0; i < 5_000; i++) {
      lives.add(`y${i}`, MAX_ENDED_LIVES + i);
      assertEquals(lives.size <= MAX_ENDED_LIVES && lives.has(`y${i}`), true);
    }
    assertEquals([lives.has("x0"), lives.has(`x${MAX_ENDED_LIVES - 1}`)], [false, true]);
  });
});

describe("lifeOf()", () => {
  it("is the part between the name of the owner and the number", () => {
    assertEquals(["a/x/1", "~guest/y-_/15"].map(lifeOf), ["x", "y-_"]);
  });
});
