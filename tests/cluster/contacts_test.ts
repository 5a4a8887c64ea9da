// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { beforeEach, describe, it } from "@std/testing/bdd";
import { Contacts } from "../../lib/cluster/contacts.ts";
import { VirtualTime } from "../support/virtual_time.ts";

describe("Contacts", () => {
  let time: VirtualTime;
  let contacts: Contacts;
  let heard: Map<string, number>;
  let connected: Set<string>;
  let errors: string[];
  let changes: string[];
  let fatal: string | undefined;

  beforeEach(() => {
    time = new VirtualTime();
    [heard, connected, errors, changes] = [new Map(), new Set(), [], []];
    fatal = undefined;
    contacts = new Contacts({
      self: "a",
      members: ["a", "b", "c"],
      sessionTtl: 3_000,
      now: () => time.runtime.now(),
      setTimer: (callback, delay) => time.runtime.setTimer(callback, delay),
      lastHeard: (id) => heard.get(id),
      isConnected: (id) => connected.has(id),
      fatal: () => fatal,
      unreachable: (error) => errors.push(`${error.code}: ${error.message}`),
      changed: (id, votes) => changes.push(`${id} ${votes}`),
    });
    contacts.start();
  });

  const hear = (id: string, incarnation: string | null = "life") => {
    heard.set(id, time.runtime.now());
    contacts.heard(id, incarnation);
  };

  it("reports a member once after five failures in a row, and again after it was reached", () => {
    for (let i = 0; i < 4; i++) contacts.failed("b", "why");
    assertEquals(errors, []);
    for (let i = 0; i < 10; i++) contacts.failed("b", "at last");
    assertEquals(errors, ["unreachable: Node a cannot reach member b: at last"]);
    contacts.reached("b");
    assertEquals(contacts.why("b"), null);
    for (let i = 0; i < 5; i++) contacts.failed("b", "again");
    assertEquals(errors.length, 2);
  });

  it("does not report a member that is heard by its own connection, nor a node that is no member", () => {
    hear("b");
    for (let i = 0; i < 10; i++) contacts.failed("b", "why");
    for (let i = 0; i < 10; i++) contacts.failed("stranger", "why");
    assertEquals([errors, contacts.why("stranger")], [[], null]);
  });

  it("says of a member that is heard what keeps the cluster from starting, if that is known", () => {
    hear("b");
    const cut = contacts.why("b");
    fatal = "Node a lists other members";
    assertEquals([cut?.slice(0, 11), contacts.why("b")], ["it is heard", fatal]);
    assertEquals(contacts.why("c"), null);
  });

  it("says why a member does not answer", () => {
    assertEquals(contacts.why("b"), null);
    connected.add("b");
    assertEquals(contacts.why("b"), "it is connected, but does not answer");
    contacts.failed("b", "404");
    assertEquals(contacts.why("b"), "404");
    contacts.failed("b", "x".repeat(10_000));
    assertEquals(contacts.why("b")?.length, 300);
  });

  it("names those that have not answered lately, and why", async () => {
    hear("b");
    hear("c");
    assertEquals(contacts.describeSilent(), "");
    await time.pass(1_500);
    contacts.failed("c", "404");
    assertEquals(contacts.describeSilent(), "b does not answer, c does not answer (404)");
    hear("b");
    assertEquals(contacts.describeSilent(), "c does not answer (404)");
  });

  it("tells when a member is silent for a session TTL, and when one that votes is heard again", async () => {
    for (let i = 0; i < 10; i++) {
      hear("b");
      await time.pass(1_000);
    }
    assertEquals(changes, ["c null"]);
    await time.pass(2_900);
    assertEquals(changes, ["c null", "b null"]);
    await time.pass(10_000);
    hear("b", null);
    hear("c");
    hear("c");
    assertEquals(changes, ["c null", "b null", "c life"]);
  });

  it("says nothing after a pause of the process", async () => {
    hear("b");
    hear("c");
    await time.pass(500);
    time.stall(60_000);
    await time.pass(900);
    assertEquals(changes, []);
  });

  it("keeps no timer after stop()", () => {
    contacts.stop();
    assertEquals(time.timers, 0);
  });
});
