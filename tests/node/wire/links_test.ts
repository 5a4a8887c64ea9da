// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { beforeEach, describe, it } from "@std/testing/bdd";
import { Links } from "../../../lib/node/wire/links.ts";
import type { Transport } from "../../../mod.ts";
import { VirtualTime } from "../../support/virtual_time.ts";

/** A transport that the test controls. */
class Wire implements Transport {
  /** The receivers, in order. */
  readonly sent: string[] = [];
  readonly hints: string[] = [];
  closed = false;
  reaches?: (to: string) => boolean;
  #receive: (from: string, frame: Uint8Array) => void = () => {};

  /** With `connected` the transport knows its connections: it has one to these peers. */
  constructor(connected?: ReadonlySet<string>) {
    if (connected !== undefined) this.reaches = (to) => connected.has(to);
  }

  open(_self: string, receive: (from: string, frame: Uint8Array) => void): void {
    this.#receive = receive;
  }

  send(to: string): void {
    this.sent.push(to);
  }

  hint(peer: string): void {
    this.hints.push(peer);
  }

  close(): void {
    this.closed = true;
  }

  /** A frame arrives. */
  hear(from: string): void {
    this.#receive(from, new Uint8Array(1));
  }

  /** The receivers since the last call. */
  take(): string[] {
    return this.sent.splice(0);
  }
}

describe("Links", () => {
  let time: VirtualTime;
  /** As within a machine: a transport that does not know its connections. */
  let inside: Wire;
  /** As a network of sockets. */
  let outside: Wire;
  let connected: Set<string>;
  let links: Links;
  /** The peers to which a way has opened. */
  let reached: string[];

  beforeEach(async () => {
    time = new VirtualTime();
    connected = new Set();
    [inside, outside] = [new Wire(), new Wire(connected)];
    links = new Links("self", [inside, outside], time.runtime);
    reached = [];
    const user = { sessionTtl: 5_000, members: [] };
    await links.open(() => {}, () => {}, user, (peer) => reached.push(peer));
  });

  /** The transports on which a frame to `to` is sent. */
  function sentOn(to: string): string {
    links.send(to, new Uint8Array(1));
    return [inside.take().length > 0 ? "inside" : "", outside.take().length > 0 ? "outside" : ""]
      .filter((name) => name !== "").join(" and ");
  }

  it("send() sends on all transports to a peer that was not heard", () => {
    assertEquals(sentOn("a"), "inside and outside");
  });

  it("send() sends on the transport on which the peer was heard last", () => {
    connected.add("a");
    inside.hear("a");
    assertEquals(sentOn("a"), "inside");
    outside.hear("a");
    assertEquals(sentOn("a"), "outside");
    assertEquals(sentOn("b"), "inside and outside");
  });

  it("send() sends on all of them again after five seconds of silence", async () => {
    inside.hear("a");
    await time.pass(4_999);
    assertEquals(sentOn("a"), "inside");
    await time.pass(1);
    assertEquals(sentOn("a"), "inside and outside");
  });

  it("send() does not trust a transport that has lost its connection meanwhile", () => {
    connected.add("a");
    outside.hear("a");
    assertEquals(sentOn("a"), "outside");
    connected.delete("a");
    assertEquals(sentOn("a"), "inside and outside");
  });

  it("way() is direct when a transport has a connection", () => {
    assertEquals(links.reachability("a"), "unknown");
    connected.add("a");
    assertEquals(links.reachability("a"), "direct");
  });

  it("way() is direct to a peer that was heard lately, when the transports do not know", async () => {
    inside.hear("a");
    assertEquals([links.reachability("a"), links.reachability("b")], ["direct", "unknown"]);
    await time.pass(5_000);
    assertEquals(links.reachability("a"), "unknown");
  });

  it("way() believes a transport that knows its connections, regardless of what was heard there", () => {
    connected.add("a");
    outside.hear("a");
    connected.delete("a");
    assertEquals(links.reachability("a"), "unknown");
  });

  it("way() is none when all transports know their connections, and have none", async () => {
    links = new Links("self", [outside, new Wire(new Set(["b"]))], time.runtime);
    await links.open(() => {}, () => {}, { sessionTtl: 5_000, members: [] });
    outside.hear("a");
    assertEquals([links.reachability("a"), links.reachability("b")], ["none", "direct"]);
  });

  it("forgets the oldest of 10,000 peers", () => {
    for (let n = 0; n <= 10_000; n++) inside.hear(`n${n}`);
    assertEquals([sentOn("n0"), sentOn("n1")], ["inside and outside", "inside"]);
  });

  it("hands a frame on before it tells that its sender was reached: the frame may be the answer", async () => {
    const told: string[] = [];
    links = new Links("self", [inside], time.runtime);
    const user = { sessionTtl: 5_000, members: [] };
    await links.open(() => void told.push("frame"), () => {}, user, () => told.push("reached"));
    inside.hear("a");
    await time.pass(1_000);
    inside.hear("a");
    assertEquals(told, ["frame", "reached", "frame", "reached"]);
  });

  it("tells that a peer was reached when it is heard first, or after a second of silence", async () => {
    inside.hear("a");
    outside.hear("b");
    assertEquals(reached, ["a", "b"]);
    await time.pass(999);
    inside.hear("a");
    assertEquals(reached, ["a", "b"]);
    await time.pass(1_000);
    outside.hear("a");
    assertEquals(reached, ["a", "b", "a"]);
  });

  it("tells a transport without a connection to a peer that the peer is heard by another way", async () => {
    inside.hear("a");
    for (let i = 0; i < 30; i++) {
      await time.pass(100);
      inside.hear("a");
    }
    assertEquals(outside.hints, ["a", "a", "a", "a"]);
    connected.add("a");
    await time.pass(5_000);
    inside.hear("a");
    assertEquals([outside.hints.length, inside.hints], [4, []]);
  });

  it("hint() does the same for a peer whose messages a member passes on", () => {
    links.hint("a");
    assertEquals(outside.hints, ["a"]);
  });

  it("close() closes all", async () => {
    await links.close();
    assertEquals([inside.closed, outside.closed], [true, true]);
  });
});
