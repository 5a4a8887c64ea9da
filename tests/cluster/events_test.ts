import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { join, SynodError } from "../../mod.ts";
import { memoryNetwork } from "../../transports/memory.ts";
import { startCluster } from "../support/real_cluster.ts";
import { assertCode } from "../support/expect.ts";
import { tapped } from "../support/tapped_transport.ts";
import { collectEvents, eventually, nextEvent, within } from "../support/wait.ts";

describe("events", () => {
  it("are CustomEvents of the node, and a listener can be removed", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    assertInstanceOf(node, EventTarget);
    const event = nextEvent(node, "processerror");
    const never = () => assert(false, "it was taken away");
    node.addEventListener("processerror", never);
    node.removeEventListener("processerror", never);
    const process = node.spawn(() => Promise.reject("it failed"));
    assertInstanceOf(await event, CustomEvent);
    assertEquals((await event).type, "processerror");
    assertEquals((await event).detail, { pid: process.pid, error: "it failed" });
  });

  it("reach a listener that is an object, and one with `once`", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    const heard: string[] = [];
    node.addEventListener("processerror", {
      handleEvent: (event: Event) => void heard.push(`object ${event.type}`),
    });
    node.addEventListener("processerror", () => void heard.push("once"), { once: true });
    for (let i = 0; i < 2; i++) {
      const event = nextEvent(node, "processerror");
      node.spawn(() => Promise.reject(new Error("it failed")));
      await event;
    }
    assertEquals(heard, ["object processerror", "once", "object processerror"]);
  });

  it("arrive after hasQuorum has changed", async () => {
    await using cluster = await startCluster(3, { each: { n1: { sessionTtl: 200 } } });
    const [first] = cluster.nodes;
    const seen: [string, boolean][] = [];
    for (const type of ["quorum", "sessionlost", "noquorum"] as const) {
      first.addEventListener(type, () => void seen.push([type, first.hasQuorum]));
    }
    const lost = nextEvent(first, "noquorum");
    cluster.isolate("n1");
    await lost;
    const back = nextEvent(first, "quorum");
    cluster.heal();
    await back;
    assertEquals(seen, [["sessionlost", false], ["noquorum", false], ["quorum", true]]);
  });

  it("are not dispatched when a node closes", async () => {
    await using cluster = await startCluster(3);
    const [first] = cluster.nodes;
    const events = (["quorum", "sessionlost", "noquorum", "processerror", "error"] as const)
      .map((type) => collectEvents(first, type));
    first.spawn(() => new Promise(() => {}));
    await first.close();
    assertEquals(events.flat(), []);
  });
});

describe("the event error", () => {
  it("reports a peer with another version of the format once", async () => {
    const transport = tapped(memoryNetwork().transport());
    await using node = await join({ id: "n1", members: ["n1"], transport });
    await node.ready;
    const errors = collectEvents(node, "error");
    for (const version of [1, 1, 3, 255]) transport.inject("n2", new Uint8Array([version, 1, 2]));
    assertEquals(errors.length, 1);
    const { error } = errors[0].detail;
    assertInstanceOf(error, SynodError);
    assertEquals(error.code, "version_mismatch");
    assertStringIncludes(error.message, "n2");
    assertStringIncludes(error.message, "version 1");
    // Frames are taken in turns, whose time is bounded.
    const dropped = async () => (await node.status()).frames.dropped === 4;
    await eventually(dropped, "all four are dropped");
    assertEquals(errors.length, 1);
    assertEquals(await node.kv.put("k", 1), { ok: true, value: 1 });
  });
});

describe("a member that comes back", () => {
  it("is reported to the others as recovering, then operational, in its new life", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    await first.kv.put("k", 1);
    const events = [first, second].map((node) => collectEvents(node, "membership"));
    await third.close();
    const again = await cluster.join("n3");
    await within(again.ready, "ready");
    const expected = [
      { id: "n3", state: "recovering", incarnation: null },
      { id: "n3", state: "operational", incarnation: again.life },
    ];
    for (const told of events) {
      await eventually(
        () => told.some(({ detail }) => detail.state === "operational"),
        "the event of the member that votes",
      );
      const details = told.map(({ detail }) => detail);
      assertEquals(details.at(-1), expected[1]);
      assert(details.slice(0, -1).every(({ id, state }) => id === "n3" && state === "recovering"));
    }
    assert(events.flat().some(({ detail }) => detail.state === "recovering"));
    assertEquals(await again.kv.get("k"), { ok: true, value: 1 });
  });

  it("votes again: with it, the cluster survives the loss of another member", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    await first.kv.put("k", 1);
    await third.close();
    const again = await cluster.join("n3");
    await within(again.ready, "ready");
    await second.close();
    assertEquals(await first.kv.get("k"), { ok: true, value: 1 });
    assertEquals(await again.kv.put("after", 1), { ok: true, value: 1 });
  });

  it("closes the process whose place it takes, with the code `replaced`", async () => {
    await using cluster = await startCluster(3);
    const third = cluster.nodes[2];
    const process = third.spawn();
    const again = await cluster.join("n3");
    await within(again.ready, "ready");
    await within(assertCode(process.result, "replaced"), "the end of the process");
    await assertCode(third.kv.get("k"), "replaced");
    assertEquals(await again.kv.put("k", 1), { ok: true, value: 1 });
  });
});

describe("the loss of a majority", () => {
  it("restarts the cluster empty, with the event `restart`", async () => {
    await using cluster = await startCluster(3, { sessionTtl: 300 });
    const [first, second, third] = cluster.nodes;
    const { value: before } = await first.kv.claim("k", "old") as { value: { token: number } };
    const process = first.spawn();
    const restart = nextEvent(first, "restart");
    await Promise.all([second.close(), third.close()]);
    const again = [await cluster.join("n2"), await cluster.join("n3")];
    assertEquals(typeof (await restart).detail.genesis, "string");
    await within(Promise.all(again.map((node) => node.ready)), "ready");
    await assertCode(process.result, "session_lost");
    const claim = await first.kv.claim("k", "new", { noQuorum: "retry" });
    assert(claim.ok && claim.value.mine);
    assert(claim.value.token > before.token);
    assertEquals(await again[0].kv.get("k"), { ok: true, value: "new" });
  });

  it("with afterMajorityLoss `wait` is left to the operator", async () => {
    await using cluster = await startCluster(3, {
      sessionTtl: 300,
      afterMajorityLoss: "wait",
    });
    const [first, second, third] = cluster.nodes;
    const restarts = collectEvents(first, "restart");
    await Promise.all([second.close(), third.close()]);
    const again = [await cluster.join("n2"), await cluster.join("n3")];
    assertEquals(await again[0].kv.get("k", { timeout: 2_000 }), { ok: false, error: "no_quorum" });
    assertEquals(restarts, []);
    assertEquals((await first.status()).waitingFor, ["n2", "n3"]);
  });
});
