// Runs in Deno alone: pure.
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  checkChangeMembersOptions,
  checkMembers,
} from "../../lib/cluster/change_members_options.ts";

describe("checkMembers()", () => {
  it("returns a copy of the list that does not change", () => {
    const list = ["a", "b"];
    const checked = checkMembers("join", list);
    list.push("c");
    assertEquals([checked, Object.isFrozen(checked)], [["a", "b"], true]);
  });

  it("refuses what is no list of different ids", () => {
    for (
      const list of [undefined, "a", [], [1], ["a/b"], ["~a"], ["a", "a"], new Array(100).fill("a")]
    ) {
      assertThrows(() => checkMembers("join", list), TypeError, "join: members");
    }
  });
});

describe("checkChangeMembersOptions()", () => {
  it("refuses bad limits and unknown options", () => {
    assertEquals(checkChangeMembersOptions({ timeout: 0 }), { timeout: 0 });
    for (const options of [null, { timeout: NaN }, { signal: {} }, { timout: 1 }]) {
      assertThrows(() => checkChangeMembersOptions(options as object), TypeError, "changeMembers");
    }
  });
});
