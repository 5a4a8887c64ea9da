// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { inspectorOf } from "./support/inspected.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

describe("the timeline of an inspector", () => {
  it("is sent while a page follows it, and costs nothing without one", async () => {
    await using cluster = await VirtualCluster.start(1);
    const { time, nodes: [node] } = cluster;
    const { fetch } = inspectorOf(cluster, node);
    const { tracing } = partsOf(node).engine;
    assertEquals(tracing.emit, undefined);
    const response = await fetch("/events");
    assertEquals(response.headers.get("content-type"), "text/event-stream");
    assert(tracing.emit !== undefined);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    const next = async () => (await time.until(reader.read())).value ?? "";
    assertStringIncludes(await next(), "event: events\ndata: ");
    await time.until(node.lock("<i>", { label: "x" }));
    const text = await next();
    assertStringIncludes(text, '"type":"lock.granted"');
    const data = JSON.parse(text.split("data: ")[1]);
    const numbers = data.events.map(({ number }: { number: number }) => number);
    assertEquals(numbers, numbers.map((_: number, index: number) => index + 1));
    await reader.cancel();
    await cluster.pass(20_000);
    assertEquals(tracing.emit, undefined);
  });

  it("ends when the node closes, and leaves no timer behind", async () => {
    const cluster = await VirtualCluster.start(1);
    const { fetch } = inspectorOf(cluster, cluster.nodes[0]);
    const bodies = [await fetch("/events"), await fetch("/events")];
    await cluster.pass(1_000);
    await bodies[0].body!.cancel();
    await cluster[Symbol.asyncDispose]();
    assertStringIncludes(await cluster.time.until(bodies[1].text()), "event: events");
    assertEquals(cluster.time.timers, 0);
  });
});
