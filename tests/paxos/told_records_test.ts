import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { firstConfiguration } from "../../lib/paxos/configuration.ts";
import { ToldRecords } from "../../lib/paxos/told_records.ts";

const of = (members: string[]) => firstConfiguration(members, members.map(() => "1"));

describe("ToldRecords", () => {
  it("a cluster is left once a majority of the other members tells of another", () => {
    const told = new ToldRecords();
    const left = () => told.isLeft(of(["a", "b", "c", "d"]), "a", "g");
    told.tells("b", "h");
    told.tells("x", "h");
    assertEquals(left(), false);
    told.tells("c", "i");
    assertEquals(left(), true);
    told.tells("c", null);
    assertEquals(left(), false);
  });

  it("the latest word of each counts", () => {
    const told = new ToldRecords();
    const left = () => told.isLeft(of(["a", "b"]), "a", "g");
    told.tells("b", "h");
    assertEquals(left(), true);
    told.tells("b", null);
    assertEquals(left(), false);
  });

  it("a cluster of the node alone is left at any time: no other node can bring it back", () => {
    assertEquals(new ToldRecords().isLeft(of(["a"]), "a", "g"), true);
  });
});
