// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { MembershipEvents } from "../../../lib/node/membership/membership_events.ts";
import { ToldPlace } from "../../../lib/node/membership/told_place.ts";
import { firstConfiguration } from "../../../lib/paxos/configuration.ts";
import { life } from "../../support/scripted_node.ts";
import { votingMember } from "../../support/voting_member.ts";

const LIVES = [life(1), life(1), life(1)];

async function told() {
  const node = await votingMember();
  const events: string[] = [];
  const place = new ToldPlace(node.engine, {
    entered: (again) => void events.push(again ? "entered again" : "entered"),
    changed: () => void events.push(`members ${node.engine.members.join("")}`),
    removed: () => void events.push("removed"),
    gaveUp: () => void events.push("gaveUp"),
  } as MembershipEvents);
  return { node, events, place };
}

describe("ToldPlace (section 11)", () => {
  it("tells that the node votes once, until it votes no more or enters a record", async () => {
    const { node, events, place } = await told();
    assertEquals([place.votes, place.beginsToVote(), place.votes], [false, true, true]);
    assertEquals(place.beginsToVote(), false);
    place.noVote();
    assertEquals([place.votes, place.beginsToVote()], [false, true]);
    place.enter({ ...node.record, id: "other" });
    place.enter({ ...node.record, id: "third" });
    assertEquals([place.votes, place.beginsToVote()], [false, false]);
    assertEquals(events, ["entered", "entered again"]);
  });

  it("tells of other members once, and of the node's removal after that", async () => {
    const { node, events, place } = await told();
    place.moved();
    assertEquals(events, []);
    for (const [epoch, members] of [["a", "b", "c", "d"], ["a", "b", "d"]].entries()) {
      const lives = [...LIVES, life(1)].slice(0, members.length);
      node.engine.learn({ ...firstConfiguration(members, lives), epoch: epoch + 1 });
      place.moved();
      place.moved();
    }
    assertEquals(events, ["members abcd", "members abd", "removed"]);
  });

  it("tells of a list once, if the node has forgotten it meanwhile", async () => {
    const { node, events, place } = await told();
    const { record } = node;
    const configuration = { ...firstConfiguration(["a", "b"], LIVES.slice(1)), epoch: 1 };
    node.engine.learn(configuration);
    place.moved();
    node.engine.forget(life(9));
    place.enter(record, configuration, []);
    place.moved();
    assertEquals(events, ["members ab", "removed", "entered"]);
  });

  it("after it has given its cluster up, its own list is no news", async () => {
    const { node, events, place } = await told();
    node.engine.learn({ ...firstConfiguration(["a", "b", "c"], LIVES), epoch: 1 });
    place.moved();
    node.engine.forget(life(9));
    place.gaveUp();
    place.moved();
    assertEquals(events.slice(-1), ["gaveUp"]);
  });
});
