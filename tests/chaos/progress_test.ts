import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { Progress } from "./progress.ts";

describe("Progress", () => {
  let now: number;
  let waited: number;
  let progress: Progress;

  /** Advances the clock as if this process ran all the time. */
  function pass(duration: number): void {
    for (const end = now + duration; now < end;) {
      now = Math.min(end, now + 50);
      progress.impair("unknown"); // every call updates the clock
      progress.heal("unknown");
    }
  }

  beforeEach(() => {
    [now, waited] = [1_000, 70];
    progress = new Progress({ now: () => now, waited: (node) => node === "m1" ? waited : 0 });
  });

  afterEach(() => progress.close());

  const longest = () => {
    const { node, time, after } = progress.longest ?? {};
    return [node, time, after];
  };

  it("finds the longest time in which a healthy node finished nothing", () => {
    progress.heal("m1");
    pass(300);
    progress.done("m1", now);
    pass(500);
    progress.done("m1", now);
    pass(100);
    progress.done("m1", now);
    assertEquals(longest(), ["m1", 500, "something else was done"]);
    assertEquals(progress.longest?.since, 1_300);
  });

  it("counts from the healing of a node, and up to its impairment", () => {
    pass(700);
    progress.done("m1", now); // impaired: it need not work, but may
    progress.heal("m1");
    pass(400);
    progress.heal("m1"); // was healthy already
    pass(200);
    progress.impair("m1");
    pass(900);
    progress.heal("m1");
    progress.done("m1", now);
    assertEquals(longest(), ["m1", 600, "it was healed"]);
  });

  it("counts to the end", () => {
    progress.heal("m1");
    pass(800);
    progress.close();
    assertEquals(longest(), ["m1", 800, "it was healed"]);
  });

  it("does not count time in which this process did not run", () => {
    progress.heal("m1");
    pass(300);
    now += 5_000;
    progress.done("m1", now);
    assertEquals(longest(), ["m1", 400, "it was healed"]);
    assertEquals(progress.longest?.lasted, 5_300);
  });

  it("does not count time in which the process of the node had no processor", () => {
    for (const id of ["m1", "m2"]) progress.heal(id);
    pass(500);
    waited += 350;
    progress.done("m1", now);
    assertEquals(longest(), ["m1", 150, "it was healed"]);
    pass(400);
    waited += 100;
    now += 250; // possibly at the same time
    progress.done("m1", now);
    assertEquals(longest(), ["m1", 500, "something else was done"]);
    progress.done("m2", now);
    assertEquals(longest(), ["m2", 1_000, "it was healed"]);
    assertEquals([progress.longestLasting?.node, progress.longestLasting?.lasted], ["m2", 1_150]);
  });

  it("finds how long the other nodes took after a kill to finish a new operation", () => {
    for (const id of ["m1", "m2", "m3"]) progress.heal(id);
    const before = now;
    pass(100);
    progress.killed("m3");
    pass(100);
    progress.done("m1", before); // was under way before
    pass(200);
    progress.done("m1", now);
    pass(100);
    progress.done("m2", now - 50);
    progress.done("m2", now);
    progress.done("m3", now); // its last answer
    assertEquals(progress.afterKills, [300, 400]);
    const { node, time, after } = progress.longestAfterKill!;
    assertEquals([node, time, after], ["m2", 400, "m3 was killed"]);
  });

  it("expects nothing of a node that is impaired after a kill", () => {
    for (const id of ["m1", "m2"]) progress.heal(id);
    progress.killed("m2");
    progress.impair("m1");
    pass(3_000);
    progress.heal("m1");
    progress.done("m1", now);
    assertEquals(progress.afterKills, []);
  });
});
