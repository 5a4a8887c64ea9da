import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { SynodError } from "../../../lib/errors.ts";
import { ListMismatch } from "../../../lib/node/membership/list_mismatch.ts";

describe("ListMismatch", () => {
  it("fails what lasts for a second without a cluster, and each time after that", () => {
    const failed: string[] = [];
    const mismatch = new ListMismatch(({ message }) => void failed.push(message));
    const told = (what: string, at: number) =>
      mismatch.told(new SynodError("members_mismatch", what), at);
    told("first", 1_000);
    told("soon", 1_999);
    assertEquals(failed, []);
    told("late", 2_000);
    told("later", 2_500);
    assertEquals(failed, ["late", "later"]);
    mismatch.clear();
    told("again", 4_000);
    told("soon", 4_999);
    assertEquals(failed, ["late", "later"]);
    told("last", 5_000);
    assertEquals(failed, ["late", "later", "last"]);
  });

  it("does not count what was told a minute ago", () => {
    const failed: string[] = [];
    const mismatch = new ListMismatch(({ message }) => void failed.push(message));
    const told = (what: string, at: number) =>
      mismatch.told(new SynodError("members_mismatch", what), at);
    for (const at of [1_000, 61_000, 121_000]) told("once", at);
    assertEquals(failed, []);
    told("again", 180_999);
    assertEquals(failed, ["again"]);
  });
});
