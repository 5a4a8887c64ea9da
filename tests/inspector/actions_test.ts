// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { inspector, type InspectorOptions } from "../../lib/inspector/inspector.ts";
import { inspectorOf } from "./support/inspected.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

describe("the actions of an inspector", () => {
  it("are refused unless they are on, and to other sites", async () => {
    await using cluster = await VirtualCluster.start(1);
    const [node] = cluster.nodes;
    const shows = inspectorOf(cluster, node);
    assertEquals((await shows.post("/take", { link: "" })).status, 403);
    const acts = inspectorOf(cluster, node, { actions: true });
    const foreign: Record<string, string>[] = [
      { "x-synod-inspector": "" },
      { "sec-fetch-site": "cross-site" },
    ];
    for (const headers of foreign) {
      assertEquals((await acts.post("/take", { link: "" }, headers)).status, 403);
    }
    for (const [name, body] of [["take", { link: "x" }], ["take", null], ["other", {}]] as const) {
      assertEquals((await acts.post(`/${name}`, body)).status, 400);
    }
  });

  it("take a lock away, report the end of a process, and press buttons", async () => {
    await using cluster = await VirtualCluster.start(3);
    const { time, nodes: [first, second, third] } = cluster;
    const pressed: string[] = [];
    const buttons = {
      Kill: (id: string) => void pressed.push(id),
      Fail: () => {
        throw new Error("not today");
      },
    };
    const { get, post } = inspectorOf(cluster, first, { actions: true, buttons });
    assertEquals((await get("/overview")).buttons, ["Kill", "Fail"]);
    const lock = await time.until(second.lock("k"));
    await cluster.pass(1_000);
    const { rows: [{ link }] } = await get("/locks");
    assertEquals((await post("/take", { link })).status, 200);
    await cluster.pass(1_000);
    assertEquals([lock.held, (await time.until(first.explain("k"))).state], [lock.held, "free"]);
    assert(lock.signal.aborted);
    const session = (await time.until(third.status())).session!.id;
    assertEquals((await post("/report", { session })).answer, { ok: true });
    assertEquals((await post("/button", { button: "Kill", member: "n2" })).status, 200);
    assertEquals(pressed, ["n2"]);
    const failed = await post("/button", { button: "Fail", member: "n2" });
    assertEquals([failed.status, failed.answer.error], [400, "not today"]);
    for (const wrong of [{ button: "toString", member: "n2" }, { button: "Kill", member: "x" }]) {
      assertEquals((await post("/button", wrong)).status, 400);
    }
  });

  it("are options that are checked", async () => {
    await using cluster = await VirtualCluster.start(1);
    const guest = { id: "g", reportExit: () => Promise.resolve() };
    assertThrows(() => inspector(guest), TypeError, "inspector: node");
    // What no program with types would pass.
    const bad = [{ action: true }, { actions: 1 }, { actions: true, buttons: { x: 1 } }];
    for (const options of bad as InspectorOptions[]) {
      assertThrows(() => inspector(cluster.nodes[0], options), TypeError, "inspector: ");
    }
  });
});
