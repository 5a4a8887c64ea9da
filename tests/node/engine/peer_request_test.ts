// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { PeerRequest } from "../../../lib/node/engine/peer_request.ts";
import type { Reachability } from "../../../lib/node/wire/routes.ts";
import type { AskRequest, Reply, Request } from "../../../lib/paxos/messages.ts";
import { life, ScriptedNode } from "../../support/scripted_node.ts";

const QUESTION: AskRequest = { type: "ask", body: Uint8Array.of(1) };

describe("PeerRequest", () => {
  let node: ScriptedNode;
  let known: Record<string, Reachability>;
  let asking: PeerRequest;
  let heard: string[];

  beforeEach(async () => {
    known = { t: "none" };
    const way = (to: string) => known[to] ?? "direct";
    node = await ScriptedNode.start({ withoutSession: true, way });
    heard = [];
    asking = new PeerRequest(node.engine, "t", (reply) => void heard.push(reply.type));
  });

  afterEach(() => asking.close());

  /** The receivers and the requests of the node since the last call. */
  async function asked(): Promise<string[]> {
    const all: string[] = [];
    for (const id of ["a", "b", "c", "t"]) {
      for (const { type } of await node.asked(id)) all.push(`${id} ${type}`);
      await node.lose(id);
    }
    return all;
  }

  /** The number of the request. */
  async function numberOf(member: string): Promise<number> {
    const [request] = await node.asked(member);
    return request.id;
  }

  /** The member that is asked to pass it on. */
  const relayOf = (all: string[]) => all.find((one) => one.endsWith(" relay"))?.[0];

  const told = (id: number): Reply => ({ id, type: "told", body: new Uint8Array(0) });
  const unreachable = (id: number, to = "t"): Reply => ({ id, type: "unreachable", to });

  /** A reply of `from`, passed on by member a. */
  function passOn(from: string, reply: Reply): void {
    const load = { repliesTo: node.engine.life, message: reply } as const;
    const request = { id: 1, type: "relayed", from, life: life(6), payload: load } as Request;
    node.receive("a", { requests: [request] });
  }

  it("takes answers of the node that was asked, by any route, and of no other", async () => {
    known.t = "direct";
    asking.send(QUESTION);
    const id = await numberOf("t");
    node.receive("a", { replies: [told(id)] });
    passOn("a", told(id));
    node.receive("t", {
      header: node.header("a"),
      replies: [{ id, type: "full", tidying: false, missing: [] }],
    });
    assertEquals(heard, []);
    node.receive("t", { header: node.header("a"), replies: [told(id)] });
    passOn("t", told(id));
    assertEquals(heard, ["told", "told"]);
    asking.close();
    passOn("t", told(id));
    assertEquals(heard.length, 2);
  });

  it("is sent by both routes once it has been sent twice without an answer, until an answer arrives", async () => {
    known.t = "direct";
    const round = async () => {
      asking.send(QUESTION);
      return (await asked()).map((one) => one.slice(2)).toSorted();
    };
    const id = node.engine.pendingReplies.next() - 1;
    assertEquals(await round(), ["ask"]);
    assertEquals(await round(), ["ask"]);
    assertEquals(await round(), ["ask", "relay"]);
    passOn("t", told(id));
    assertEquals(heard, ["told"]);
    assertEquals([await round(), await round()], [["ask"], ["ask"]]);
    assertEquals(await round(), ["ask", "relay"]);
  });

  it("goes to another member when one has no connection, each member once", async () => {
    asking.send(QUESTION);
    const via = [relayOf(await asked())!];
    const id = node.engine.pendingReplies.next() - 1;
    for (let n = 0; n < 2; n++) {
      node.receive(via[n], { replies: [unreachable(id)] });
      const all = await asked();
      assertEquals(all.length, 1);
      via.push(relayOf(all)!);
    }
    assertEquals(via.toSorted(), ["a", "b", "c"]);
    node.receive(via[2], { replies: [unreachable(id)] });
    assertEquals(await asked(), []);
    // When it is sent again, it tries the members again.
    asking.send(QUESTION);
    const next = relayOf(await asked())!;
    node.receive(next, { replies: [unreachable(id)] });
    assertEquals((await asked()).length, 1);
  });

  it("is rerouted only by members, and only for its own destination", async () => {
    asking.send(QUESTION);
    const via = relayOf(await asked())!;
    const id = node.engine.pendingReplies.next() - 1;
    node.receive("y", { header: node.header("a"), replies: [unreachable(id)] });
    node.receive(via, { replies: [unreachable(id, "u")] });
    assertEquals(await asked(), []);
    node.receive(via, { replies: [unreachable(id)] });
    assertEquals((await asked()).length, 1);
  });
});
