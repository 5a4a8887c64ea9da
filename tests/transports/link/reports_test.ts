import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertInstanceOf } from "@std/assert";
import { SynodError } from "../../../lib/errors.ts";
import { ConnectionReports } from "../../../transports/link/reports.ts";

const url = new URL("wss://user:password@host:1234/synod?key=value");

describe("Reports", () => {
  it("reports each peer that refuses once, and again after it has connected", () => {
    const told: Error[] = [];
    const reports = new ConnectionReports((error) => told.push(error));
    for (let i = 0; i < 3; i++) reports.refused("a", url, "it is closed");
    reports.refused("b", url, "why not");
    assertEquals(told.length, 2);
    reports.connected("a");
    reports.refused("a", url, "it is closed again");
    reports.refused("b", url, "why not");
    assertEquals(told.map((error) => error.message), [
      "Cannot connect to a at wss://host:1234/synod: it is closed",
      "Cannot connect to b at wss://host:1234/synod: why not",
      "Cannot connect to a at wss://host:1234/synod: it is closed again",
    ]);
  });

  it("reports a SynodError with its code and its cause", () => {
    const told: Error[] = [];
    const reports = new ConnectionReports((error) => told.push(error));
    const cause = new RangeError("offline");
    reports.refused("a", url, "the token function failed", cause);
    const [error] = told;
    assertInstanceOf(error, SynodError);
    assertEquals([error.code, error.cause], ["unauthorized", cause]);
  });

  it("reports any other failure of a peer as it is, once until that connects", () => {
    const told: Error[] = [];
    const reports = new ConnectionReports((error) => told.push(error));
    const error = new TypeError("no address");
    reports.failed("a", error);
    reports.failed("a", error);
    reports.refused("a", url, "it is closed");
    assertEquals(told, [error]);
    reports.connected("a");
    reports.failed("a", error);
    assertEquals(told, [error, error]);
  });

  it("ignores an exception of the report function", () => {
    const reports = new ConnectionReports(() => {
      throw new Error("the user's");
    });
    reports.refused("a", url, "why not");
  });
});
