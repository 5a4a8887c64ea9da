import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { eventually } from "../support/wait.ts";
import type { OwnedEvent } from "./orders.ts";
import { Owners } from "./owners.ts";

describe("Owners", () => {
  let told: OwnedEvent[];
  let owners: Owners;
  const owned = { kind: "lock", key: "k", shared: false, token: 7, owner: "o" } as const;

  beforeEach(() => {
    told = [];
    owners = new Owners((event) => told.push(event));
  });

  afterEach(() => owners.close());

  it("reports at once that something is owned, and a time in which it certainly was", () => {
    const begun = performance.now();
    owners.watch(owned, () => true);
    const { from, to, ...rest } = told[0];
    assertEquals(rest, { event: "owned", ...owned });
    assertGreaterOrEqual(from, begun);
    assertLessOrEqual(from, to);
    assertLessOrEqual(to, performance.now());
  });

  it("reports by itself how long it was owned, when it no longer is", async () => {
    let isOwned = true;
    let looks = 0;
    owners.watch(owned, () => {
      looks++;
      return isOwned;
    });
    await eventually(() => looks > 3, "checks");
    const lost = performance.now();
    isOwned = false;
    const before = looks;
    await eventually(() => looks > before, "the check that finds it lost");
    const last = told.at(-1)!;
    assert(last.to > last.from && last.to < lost);
    assertEquals(last.from, told[0].from);
    const { length } = told;
    await new Promise((resolve) => setTimeout(resolve, 30));
    assertEquals(told.length, length);
  });

  it("counts a check from its beginning: ownership may be lost while the process is stopped", () => {
    const looks: number[] = [];
    const watched = owners.watch(owned, () => {
      const until = performance.now() + 5; // stopped within a check
      while (performance.now() < until);
      looks.push(performance.now());
      return looks.length < 4;
    });
    assertEquals(watched.look(), true);
    assertEquals(watched.look(), false);
    const { from, to } = told.at(-1)!;
    assertGreaterOrEqual(from, looks[0]);
    assertLessOrEqual(to, looks[2] - 5);
  });

  it("ignores checks after the end", () => {
    const watched = owners.watch(owned, () => true);
    watched.end();
    const { to } = told.at(-1)!;
    assertEquals(watched.look(), false);
    assertEquals(told.at(-1)!.to, to);
  });

  it("reports nothing of what was lost before the first check", () => {
    owners.watch(owned, () => false);
    assertEquals(told, []);
  });
});
