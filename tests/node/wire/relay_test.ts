// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { beforeEach, describe, it } from "@std/testing/bdd";
import { Relay } from "../../../lib/node/wire/relay.ts";
import type { RelayPayload, Request } from "../../../lib/paxos/messages.ts";
import type { Reachability } from "../../../lib/node/wire/routes.ts";
import { VirtualTime } from "../../support/virtual_time.ts";

const LIFE = "-P70F6sqFhqk35ea00oQ";

/** A request of the given size in bytes. */
function question(bytes = 1): RelayPayload {
  return { repliesTo: null, message: { id: 9, type: "ask", body: new Uint8Array(bytes) } };
}

describe("Relay", () => {
  let time: VirtualTime;
  let known: Record<string, Reachability>;
  let sent: [to: string, request: Request][];
  let relay: Relay;

  beforeEach(() => {
    time = new VirtualTime();
    known = {};
    sent = [];
    let id = 0;
    relay = new Relay({
      self: "n1",
      runtime: time.runtime,
      reachability: (to) => known[to] ?? "direct",
      send: (to, request) => sent.push([to, request]),
      nextId: () => ++id,
    });
  });

  /** The number of requests passed on, of a number from one peer. */
  function passed(from: string, count: number, load = question()): number {
    const before = sent.length;
    for (let n = 0; n < count; n++) {
      relay.pass(from, LIFE, { type: "relay", to: "t", payload: load });
    }
    return sent.length - before;
  }

  it("passes a message on unchanged, with its sender", () => {
    const load = question();
    assertEquals(relay.pass("c", LIFE, { type: "relay", to: "t", payload: load }), true);
    assertEquals(sent, [["t", { id: 1, type: "relayed", from: "c", life: LIFE, payload: load }]]);
  });

  it("reports a missing connection; tries if the connection is unknown", () => {
    known = { t: "none", u: "unknown" };
    assertEquals(relay.pass("c", LIFE, { type: "relay", to: "t", payload: question() }), false);
    assertEquals(relay.pass("c", LIFE, { type: "relay", to: "u", payload: question() }), true);
    assertEquals(sent.map(([to]) => to), ["u"]);
  });

  it("passes nothing on to itself, nor back to the sender", () => {
    for (const to of ["n1", "c"]) {
      assertEquals(relay.pass("c", LIFE, { type: "relay", to, payload: question() }), true);
    }
    assertEquals(sent, []);
  });

  it("passes on 10,000 messages of one peer in a second, and those of others besides", async () => {
    assertEquals(passed("c", 10_500), 10_000);
    assertEquals(passed("d", 1), 1);
    await time.pass(999);
    assertEquals(passed("c", 1), 0);
    await time.pass(1);
    assertEquals(passed("c", 10_500), 10_000);
  });

  it("passes on 32 MiB of one peer in a second, answers too", async () => {
    const answer: RelayPayload = {
      repliesTo: LIFE,
      message: { id: 9, type: "told", body: new Uint8Array(2 ** 20) },
    };
    assertEquals(passed("c", 16, question(2 ** 20)), 16);
    assertEquals(passed("c", 20, answer), 16);
    assertEquals(passed("d", 1, answer), 1);
    await time.pass(1_000);
    assertEquals(passed("c", 40, answer), 32);
  });

  it("passes on for 10,000 peers in a second, and for as many others in the next", async () => {
    let count = 0;
    for (let n = 0; n < 10_010; n++) count += passed(`c${n}`, 1);
    assertEquals(count, 10_000);
    await time.pass(1_000);
    assertEquals(passed("c10009", 1), 1);
  });
});
