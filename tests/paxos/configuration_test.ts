// Runs in Deno alone: pure.
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  admitted,
  type Configuration,
  countedSender,
  firstConfiguration,
  helpersIn,
  isNewer,
  joinedBy,
  lifeIn,
  replaceConfiguration,
  sameConfiguration,
  settledOf,
  undone,
  voicesOf,
  votersBefore,
  votersOf,
  withoutMember,
  witnessesIn,
} from "../../lib/paxos/configuration.ts";
import type { Share } from "../../lib/paxos/quorum.ts";
import { InvariantError } from "../../lib/paxos/invariant.ts";
import { MAX_MEMBERS } from "../../lib/paxos/member_limits.ts";

function subsetsOf(ids: readonly string[]): string[][] {
  return Array.from(
    { length: 2 ** ids.length },
    (_, set) => ids.filter((_, index) => set & (1 << index)),
  );
}

const FIRST = firstConfiguration(["a", "b", "c"], ["1", "2", "3"]);
const JOINED = joinedBy(FIRST, { id: "d", life: "4" });
const ADMITTED = admitted(JOINED);
const LESS = withoutMember(FIRST, "b");

/** A configuration as text. */
function show({ epoch, members, joining, leaving, settled }: Configuration): string {
  const list = members.map(({ id, life, since }) => `${id}${life}@${since}`).join(" ");
  const change = joining ? ` +${joining.id}${joining.life}` : leaving ? ` -${leaving.id}` : "";
  return `${epoch}: ${list}${change}${settled ? "" : " unsettled"}`;
}

describe("the steps from one configuration to the next (section 11)", () => {
  it("the first one has the lives of the genesis, and is settled", () => {
    assertEquals(show(FIRST), "0: a1@0 b2@0 c3@0");
  });

  it("a node joins without a vote, is admitted in the life in which it joined, and settled", () => {
    assertEquals(show(JOINED), "1: a1@0 b2@0 c3@0 +d4 unsettled");
    assertEquals(votersOf(JOINED), ["a", "b", "c"]);
    assertEquals(show(ADMITTED), "2: a1@0 b2@0 c3@0 d4@2 unsettled");
    assertEquals(show(settledOf(ADMITTED)), "2: a1@0 b2@0 c3@0 d4@2");
  });

  it("a node that does not join in time leaves everything as it was, in a later epoch", () => {
    assertEquals(show(undone(JOINED)), "2: a1@0 b2@0 c3@0");
  });

  it("a member is removed, and named until that is settled", () => {
    assertEquals(show(LESS), "1: a1@0 c3@0 -b unsettled");
    assertEquals(show(settledOf(LESS)), "1: a1@0 c3@0");
  });

  it("nothing else is possible", () => {
    const breaks = (f: () => unknown) => assertThrows(f, InvariantError);
    breaks(() => joinedBy(JOINED, { id: "e", life: "5" }));
    breaks(() => joinedBy(LESS, { id: "e", life: "5" }));
    breaks(() => joinedBy(FIRST, { id: "a", life: "5" }));
    breaks(() => admitted(FIRST));
    breaks(() => undone(ADMITTED));
    breaks(() => withoutMember(LESS, "a"));
    breaks(() => withoutMember(FIRST, "x"));
    breaks(() => withoutMember(firstConfiguration(["a"], ["1"]), "a"));
    breaks(() => settledOf(JOINED));
    breaks(() => settledOf(FIRST));
    const ids = Array.from({ length: MAX_MEMBERS }, (_, index) => `m${index}`);
    breaks(() => joinedBy(firstConfiguration(ids, ids), { id: "d", life: "4" }));
  });

  it("a replacement is a compare-and-set of the whole configuration", () => {
    assertEquals(replaceConfiguration(LESS, LESS, settledOf(LESS)), settledOf(LESS));
    assertEquals(replaceConfiguration(settledOf(LESS), LESS, settledOf(LESS)), null);
    const other = { ...JOINED, joining: { id: "d", life: "5" } };
    assertEquals(replaceConfiguration(other, JOINED, ADMITTED), null);
    assertEquals(sameConfiguration(JOINED, { ...JOINED, joining: null }), false);
    assertEquals(sameConfiguration(LESS, { ...LESS, leaving: null }), false);
    assertEquals(sameConfiguration(FIRST, { ...FIRST, members: FIRST.members.slice(1) }), false);
  });

  it("of two, the later epoch is newer; in one epoch the settled one", () => {
    assertEquals([isNewer(JOINED, FIRST), isNewer(FIRST, JOINED)], [true, false]);
    assertEquals([isNewer(settledOf(LESS), LESS), isNewer(LESS, settledOf(LESS))], [true, false]);
    assertEquals(isNewer(LESS, LESS), false);
  });
});

describe("who counts under a configuration", () => {
  it("crash vectors are of the members, and of who joins or leaves", () => {
    assertEquals(voicesOf(FIRST), ["a", "b", "c"]);
    assertEquals(voicesOf(JOINED), ["a", "b", "c", "d"]);
    assertEquals(voicesOf(LESS), ["a", "c", "b"]);
    assertEquals([lifeIn(JOINED, "d"), lifeIn(LESS, "b"), lifeIn(FIRST, "d")], [
      "4",
      "2",
      undefined,
    ]);
  });

  it("the members before an unsettled one are those of an earlier epoch, and the removed one", () => {
    assertEquals(votersBefore(JOINED), ["a", "b", "c"]);
    assertEquals(votersBefore(ADMITTED), ["a", "b", "c"]);
    assertEquals(votersBefore(LESS), ["a", "c", "b"]);
  });

  it("a reply counts from a member with a memory, in the same epoch", () => {
    const header = { epoch: 1, incarnation: "1", vector: ["1"] };
    assertEquals(countedSender(LESS, "a", header), {
      member: "a",
      incarnation: "1",
      vector: ["1"],
    });
    assertEquals(countedSender(LESS, "b", header), undefined);
    assertEquals(countedSender(LESS, "a", { ...header, epoch: 0 }), undefined);
    assertEquals(countedSender(LESS, "a", { ...header, epoch: 2 }), undefined);
    assertEquals(countedSender(LESS, "a", { ...header, incarnation: null }), undefined);
    assertEquals(countedSender(JOINED, "d", header), undefined);
  });

  it("a member copies from those of both lists while these differ", () => {
    assertEquals(helpersIn(FIRST, "a"), [{ of: ["b", "c"], needed: 2 }]);
    assertEquals(helpersIn(LESS, "a"), [
      { of: ["c"], needed: 1 },
      { of: ["c", "b"], needed: 2 },
    ]);
    // The new member was not there before: a majority of the others was.
    assertEquals(helpersIn(ADMITTED, "d"), [
      { of: ["a", "b", "c"], needed: 3 },
      { of: ["a", "b", "c"], needed: 2 },
    ]);
    assertEquals(helpersIn(JOINED, "d"), [
      { of: ["a", "b", "c"], needed: 2 },
      { of: ["a", "b", "c"], needed: 2 },
    ]);
  });

  it("the only member has no other to copy from", () => {
    const alone = firstConfiguration(["a"], ["1"]);
    assertEquals(helpersIn(alone, "a"), [{ of: [], needed: 1 }]);
    assertEquals(witnessesIn(alone, "a"), { of: [], needed: 1 });
  });

  it("of a configuration that may have been chosen, a majority of the others has to know of a crash", () => {
    assertEquals(witnessesIn(ADMITTED, "a"), { of: ["b", "c", "d"], needed: 2 });
    assertEquals(witnessesIn(LESS, "a"), { of: ["c"], needed: 1 });
    assertEquals(witnessesIn(LESS, "b"), { of: ["a", "c"], needed: 2 });
  });

  it("who comes back has heard of every quorum that may have decided with it, in the next list too", () => {
    for (let count = 1; count <= 6; count++) {
      const ids = ["a", "b", "c", "d", "e", "f"].slice(0, count);
      const first = firstConfiguration(ids, ids.map(() => "1"));
      const joined = joinedBy(first, { id: "x", life: "1" });
      const less = count === 1
        ? []
        : [withoutMember(first, "a"), withoutMember(first, ids[count - 1])];
      const steps = [[first, joined], [joined, admitted(joined)], [
        joined,
        undone(joined),
      ]] as const;
      for (const [before, next] of [...steps, ...less.map((one) => [first, one] as const)]) {
        const others = voicesOf(before).filter((id) => id !== "a");
        const has = (share: Share, helpers: readonly string[]) =>
          share.of.filter((id) => helpers.includes(id)).length >= share.needed;
        for (const helpers of subsetsOf(others)) {
          if (!helpersIn(before, "a").every((share) => has(share, helpers))) continue;
          // Each of these is met by a helper that had voted before it knew of the crash, or votes after that.
          const meet = (list: readonly string[]) =>
            subsetsOf(list).filter((quorum) =>
              quorum.includes("a") && 2 * quorum.length > list.length
            )
              .every((quorum) => quorum.some((id) => helpers.includes(id)));
          assertEquals(meet(votersOf(before)), true);
          if (has(witnessesIn(next, "a"), helpers)) assertEquals(meet(votersOf(next)), true);
        }
      }
    }
  });

  it("from three members on, whoever helps a member back leaves no quorum of the next list without them", () => {
    const names = (count: number) => Array.from({ length: count }, (_, index) => `m${index}`);
    for (let count = 3; count <= 30; count++) {
      const [before] = helpersIn(firstConfiguration(names(count), []), "m0");
      for (const next of [count - 1, count + 1]) {
        // The others that a quorum of the next list has at least among the members of the first one.
        const quorum = Math.floor(next / 2) + 1 - 1 - (next > count ? 1 : 0);
        assertEquals(before.needed + quorum > count - 1, true, `${count} to ${next}`);
      }
    }
  });
});
