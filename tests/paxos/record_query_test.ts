import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { firstConfiguration } from "../../lib/paxos/configuration.ts";
import type { GenesisRecord, GenesisReply } from "../../lib/paxos/messages.ts";
import { RecordQuery } from "../../lib/paxos/record_query.ts";

const members = ["a", "b", "c"];
const makeRecord = (id: string, lives = ["1", "1", "1"]): GenesisRecord => ({
  id,
  lives,
  floor: 0,
  maxTtl: 5_000,
  clients: true,
});
const record = (id: string, lives?: string[]): GenesisReply => ({
  type: "record",
  members,
  record: makeRecord(id, lives),
});
/** The outcome: that record, under the configuration of its genesis. */
const told = (id: string) => ({
  type: "record" as const,
  record: makeRecord(id),
  configuration: firstConfiguration(members, ["1", "1", "1"]),
  incarnations: [],
});
const notAMember: GenesisReply = { type: "notAMember" };
const mismatch = (list: string[]) => ({ type: "membersMismatch", members: list }) as const;
const blank: GenesisReply = { type: "blank", members, wall: 0, recovering: false };

describe("RecordQuery", () => {
  it("believes the record that a majority lives under", () => {
    const query = new RecordQuery(members);
    assertEquals(query.receive("a", record("g")), undefined);
    assertEquals(query.receive("b", record("g")), told("g"));
  });

  it("counts a member once, by its latest answer", () => {
    const query = new RecordQuery(members);
    for (const _ of [1, 2, 3]) assertEquals(query.receive("a", record("g")), undefined);
    assertEquals(query.receive("a", record("h")), undefined);
    assertEquals(query.receive("b", record("g")), undefined);
    assertEquals(query.receive("c", record("h")), told("h"));
  });

  it("never counts the answers of two geneses together", () => {
    const query = new RecordQuery(members);
    assertEquals(query.receive("a", record("g")), undefined);
    assertEquals(query.receive("b", record("h")), undefined);
    assertEquals(query.receive("c", record("h"))?.type, "record");
  });

  it("believes a majority that refuses it: not a member, or other members", () => {
    const query = new RecordQuery(members);
    assertEquals(query.receive("a", notAMember), undefined);
    assertEquals(query.receive("b", mismatch(["a", "b"])), undefined);
    assertEquals(query.receive("c", notAMember), notAMember);
    const other = new RecordQuery(members);
    other.receive("a", mismatch(["a", "b"]));
    assertEquals(other.receive("b", mismatch(["b", "a"])), undefined);
    assertEquals(other.receive("c", mismatch(["a", "b"])), mismatch(["a", "b"]));
  });

  it("a shorter list needs fewer answers to show that the lists differ", () => {
    const five = ["a", "b", "c", "d", "e"];
    const query = new RecordQuery(five);
    query.receive("a", mismatch(["a", "b", "c"]));
    assertEquals(query.receive("b", mismatch(["a", "b", "c"]))?.type, "membersMismatch");
    const more = new RecordQuery(members);
    more.receive("a", mismatch(five));
    assertEquals(more.receive("b", mismatch(five))?.type, "membersMismatch");
  });

  it("a record needs a majority of the members that are told with it, whatever list the node was given", () => {
    const five = ["a", "b", "c", "d", "e"];
    const lives = five.map(() => "1");
    const of = (members: string[], epoch: number): GenesisReply => ({
      ...{ type: "record", members, record: makeRecord("g") },
      configuration: { ...firstConfiguration(members, lives), epoch },
      incarnations: [["a", String(epoch)]],
    });
    const query = new RecordQuery(["a"]);
    assertEquals(query.receive("a", of(["a", "b", "c"], 4)), undefined);
    assertEquals(query.askable, ["a", "b", "c"]);
    assertEquals(query.receive("d", of(five, 8)), undefined);
    assertEquals(query.receive("b", of(five, 8)), undefined);
    assertEquals(query.askable, five);
    const outcome = query.receive("e", of(["a", "b", "c"], 4));
    if (outcome?.type !== "record") throw new Error("no record");
    assertEquals(outcome.configuration.epoch, 8);
    assertEquals(outcome.incarnations.map(([, life]) => life), ["4", "8", "4"]);
  });

  it("a member that knows no record does not count for that", () => {
    const two: GenesisReply = {
      type: "record",
      members: ["a", "b"],
      record: makeRecord("g", ["1", "1"]),
    };
    assertEquals(new RecordQuery(["a"]).receive("a", two), undefined);
    assertEquals(new RecordQuery(["a"], "b").receive("a", two)?.type, "record");
  });

  it("another record than its own needs a majority of a list that the node itself knows", () => {
    const alone = (id: string): GenesisReply => ({
      ...{ type: "record", members: ["a"], record: makeRecord(id, ["2"]) },
    });
    const query = new RecordQuery(members, undefined, { record: "g", lists: [members] });
    assertEquals(query.receive("a", alone("h")), undefined);
    assertEquals(query.receive("b", alone("h"))?.type, "record");
    // Of its own record it learns more from fewer.
    const own = new RecordQuery(members, undefined, { record: "h", lists: [members] });
    assertEquals(own.receive("a", alone("h"))?.type, "record");
    const two = { record: "g", lists: [members, ["a"]] };
    assertEquals(new RecordQuery(members, undefined, two).receive("a", alone("h"))?.type, "record");
  });

  it("takes no answer of a node that is not a member", () => {
    const query = new RecordQuery(members);
    assertEquals(query.receive("x", record("g")), undefined);
    assertEquals(query.receive("y", record("g")), undefined);
    assertEquals(query.receive("a", record("g")), undefined);
  });

  it("a blank member's answer does not count", () => {
    const query = new RecordQuery(members);
    assertEquals(query.receive("a", blank), undefined);
    assertEquals(query.receive("b", blank), undefined);
    query.receive("a", record("g"));
    assertEquals(query.receive("b", record("g"))?.type, "record");
  });

  it("takes no record for another number of members", () => {
    const query = new RecordQuery(members);
    assertEquals(query.receive("a", record("g", ["1", "1"])), undefined);
    assertEquals(query.receive("b", record("g", ["1", "1"])), undefined);
  });

  it("alone in a cluster of one", () => {
    const alone: GenesisReply = { type: "record", members: ["a"], record: makeRecord("g", ["1"]) };
    assertEquals(new RecordQuery(["a"]).receive("a", alone)?.type, "record");
  });
});
