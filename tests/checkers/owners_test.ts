import { beforeEach, describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { type Owner, Owners } from "./owners.ts";

describe("Owners", () => {
  let reported: string[];
  let owners: Owners;

  beforeEach(() => {
    reported = [];
    owners = new Owners((violation) => void reported.push(violation));
  });

  /** An owner of "k" that believes so until `until`. */
  const owner = (
    name: string,
    token: number,
    until = Infinity,
    more: Partial<Owner> = {},
  ): Owner => ({
    key: "k",
    name,
    of: name,
    shared: false,
    token,
    believes: (time) => time < until,
    ...more,
  });

  it("began() accepts one owner after the other, with increasing tokens", () => {
    owners.began(owner("a", 1, 10), 0);
    owners.began(owner("b", 2, 20), 10);
    owners.began(owner("c", 3), 20);
    owners.judge(30);
    assertEquals(reported, []);
    assertEquals(owners.counts.owners, 3);
  });

  it("began() reports a new owner while another one still believes, even if that ends a moment later", () => {
    owners.began(owner("a", 1, 10.001), 0);
    owners.began(owner("b", 2), 10);
    assertEquals(reported, ["two own k at 10: a with k @1 and b with k @2"]);
    owners.judge(10);
    assertEquals(reported.length, 1);
  });

  it("judge() checks all owners that have not been told of their end, at every moment", () => {
    // Believes, does not, and believes again: its own clock is not reliable.
    owners.began(owner("a", 1, 10, { believes: (time) => time < 10 || time >= 20 }), 0);
    owners.began(owner("b", 2), 10);
    owners.judge(19);
    assertEquals(reported, []);
    owners.judge(20);
    assertEquals(reported, ["two own k at 20: a with k @1 and b with k @2"]);
  });

  it("ended() removes an owner: it is no longer checked", () => {
    const first = owner("a", 1);
    owners.began(first, 0);
    owners.ended(first);
    owners.began(owner("b", 2), 10);
    assertEquals(reported, []);
    assertEquals(owners.of("k", 10).map(({ name }) => name), ["b"]);
  });

  it("judge() reports more owners than permits, and others beside them", () => {
    const permits = { shared: true, permits: 2 };
    owners.began(owner("a", 1, 10, permits), 0);
    owners.began(owner("b", 2, Infinity, permits), 1);
    assertEquals(reported, []);
    owners.began(owner("c", 3, Infinity, permits), 9);
    assertEquals(reported, [
      "more than 2 own k at 9: a with k @1 (2 permits) and b with k @2 (2 permits) and c with k @3 (2 permits)",
    ]);
    owners.judge(10);
    owners.began(owner("d", 4, Infinity, { shared: true }), 11);
    assertEquals(reported.length, 3);
  });

  it("ignores an owner that does not believe in its ownership from the beginning", () => {
    owners.began(owner("a", 9, 0), 0);
    owners.began(owner("b", 2), 10);
    assertEquals([reported, owners.counts.owners], [[], 1]);
  });

  it("accepts several owners only if all share the key, or if they are the same owner", () => {
    owners.began(owner("a", 1, Infinity, { shared: true }), 0);
    owners.began(owner("b", 1, Infinity, { shared: true }), 1);
    owners.began(owner("c", 4, Infinity, { key: "other", of: "c" }), 2);
    owners.began(owner("c'", 4, Infinity, { key: "other", of: "c" }), 3);
    assertEquals(reported, []);
    owners.began(owner("d", 5), 4);
    assertEquals(reported.length, 2);
    owners.began(owner("e", 6, Infinity, { key: "other", shared: true }), 5);
    assertEquals(reported.length, 4);
  });

  it("began() reports a token that does not increase, from or to an exclusive owner", () => {
    const shared = { shared: true };
    owners.began(owner("a", 5, 10), 0);
    owners.began(owner("b", 5, 20), 10);
    assertEquals(reported, ["b with k @5 comes after a with k @5"]);
    owners.began(owner("c", 4, 30, shared), 20);
    owners.began(owner("d", 7, 40, shared), 30);
    owners.began(owner("e", 6, 50, shared), 40);
    // Shared owners may begin in any order, but all of them after the exclusive owner before them.
    assertEquals(reported.slice(1), ["c with k @4 (shared) comes after a with k @5"]);
    owners.began(owner("f", 7), 50);
    assertEquals(reported.slice(2), ["f with k @7 comes after d with k @7 (shared)"]);
  });

  it("acts() reports an owner that acts while another one owns the key, or after a later one had it", () => {
    const first = owner("a", 1, 10);
    owners.began(first, 0);
    owners.acts(first, 5);
    assertEquals(reported, []);
    owners.began(owner("b", 2, 20), 10);
    owners.acts(first, 15);
    assertEquals(reported, [
      "two own k at 15: b with k @2 and a with k @1",
      "a with k @1 acts at 15, after b with k @2 had the key",
    ]);
    owners.began(owner("c", 3, 30, { shared: true }), 20);
    owners.acts(first, 40);
    assertEquals(reported.slice(2), [
      "a with k @1 acts at 40, after c with k @3 (shared) had the key",
    ]);
  });

  it("ignores only owners that may have lost the key to a thief", () => {
    const may = new Owners(
      (violation) => void reported.push(violation),
      ({ key }) => key === "k",
    );
    may.began(owner("a", 2), 0);
    may.began(owner("b", 1), 1);
    assertEquals(reported, []);
    may.began(owner("c", 2, Infinity, { key: "other" }), 2);
    may.began(owner("d", 3, Infinity, { key: "other" }), 3);
    assertEquals(reported, ["two own other at 3: c with other @2 and d with other @3"]);
  });
});
