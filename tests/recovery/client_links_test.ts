// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.

import { assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Transport } from "../../mod.ts";
import { valueOf } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

/** A transport without a connection to some nodes, until it gets a hint for them. */
class Cut implements Transport {
  readonly lost = new Set<string>();
  readonly hints: string[] = [];
  readonly #inner: Transport;

  constructor(inner: Transport) {
    this.#inner = inner;
  }

  open(...[self, receive, report, user]: Parameters<Transport["open"]>): void | Promise<void> {
    const take = (from: string, frame: Uint8Array) =>
      this.lost.has(from) ? undefined : receive(from, frame);
    return this.#inner.open(self, take, report, user);
  }

  send(to: string, frame: Uint8Array): void {
    if (!this.lost.has(to)) this.#inner.send(to, frame);
  }

  reaches(to: string): boolean {
    return !this.lost.has(to);
  }

  hint(peer: string): void {
    this.hints.push(peer);
    this.lost.delete(peer);
  }

  close(): void | Promise<void> {
    return this.#inner.close();
  }
}

describe("a client that has lost its connection to a member that restarts", () => {
  it("has it made again when it hears of the restart: the next member that closes is no loss", async () => {
    let cut!: Cut;
    const wrap = (transport: Transport, id: string) =>
      id === "client" ? cut = new Cut(transport) : transport;
    await using cluster = await VirtualCluster.start(3, { clients: true }, wrap);
    const client = await cluster.join("client");
    await cluster.time.until(client.ready);
    await cluster.time.until(cluster.node("n1").close());
    cut.lost.add("n1");
    await cluster.time.until(client.kv.put("first", 1));
    assertEquals(cut.hints, []);
    const again = await cluster.join("n1");
    await cluster.time.until(again.ready);

    await cluster.time.until(client.kv.put("second", 2));
    assertEquals(cut.hints, ["n1"]);
    await cluster.time.until(cluster.node("n2").close());
    const { runtime } = cluster.time;
    const before = runtime.now();
    assertEquals(valueOf(await cluster.time.until(client.kv.put("third", 3))), 3);
    assertLess(runtime.now() - before, 20);
  });
});

describe("a member that restarts", () => {
  it("gives its transports no hint about itself", async () => {
    const hints: string[] = [];
    const wrap = (inner: Transport, id: string): Transport => ({
      open: (...given) => inner.open(...given),
      send: (to, frame) => inner.send(to, frame),
      reaches: (to) => to !== id,
      hint: (peer) => void hints.push(peer),
      close: () => inner.close(),
    });
    await using cluster = await VirtualCluster.start(3, {}, wrap);
    await cluster.time.until(cluster.node("n1").close());
    const again = await cluster.join("n1");
    await cluster.time.until(again.ready);
    assertEquals(hints, []);
  });
});
