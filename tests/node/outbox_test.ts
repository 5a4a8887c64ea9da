import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Outbox } from "../../lib/node/wire/outbox.ts";
import type { Frame, Header, Reply, Request } from "../../lib/paxos/messages.ts";
import { VirtualTime } from "../support/virtual_time.ts";

const HEADER: Header = {
  life: "life of n1",
  clock: 7,
  genesis: null,
  epoch: 0,
  incarnation: null,
  vector: [],
};

const request = (id: number): Request => ({ id, type: "read", register: `k\xf6\x61${id % 10}` });
const reply = (id: number): Reply => ({ id, type: "watching" });

/** The outbox of n1, and what came out of it. */
function start(loopback: (frame: Frame) => void = () => {}) {
  const sent: { to: readonly string[]; frame: Frame }[] = [];
  const events: string[] = [];
  const outbox = new Outbox({
    self: "n1",
    runtime: new VirtualTime().runtime,
    header: () => HEADER,
    send: (to, frame) => {
      sent.push({ to, frame });
      events.push(`sent to ${to.join(" and ")}`);
      // As transports do that put together what is sent in one turn.
      queueMicrotask(() => events.push(`posted to ${to.join(" and ")}`));
    },
    loopback: (frame) => {
      events.push("heard");
      loopback(frame);
    },
  });
  const askAll = (request: Request) => {
    for (const to of ["n1", "n2", "n3"]) outbox.request(to, request);
  };
  return { outbox, sent, events, askAll };
}

/** Until everything that is put off to the end of this turn is done. */
const turn = () => new Promise((resolve) => setTimeout(resolve));

describe("Outbox", () => {
  it("makes one frame of what is said to several peers alike in one turn", async () => {
    const { sent, askAll } = start();
    askAll(request(1));
    askAll(request(2));
    await turn();
    assertEquals(sent.map(({ to }) => to), [["n2", "n3"]]);
    assertEquals(sent[0].frame.requests, [request(1), request(2)]);
  });

  it("says to each what is meant for it, where that is not the same", async () => {
    const { outbox, sent, askAll } = start();
    const [one, two, three] = [request(1), request(2), request(3)];
    askAll(one);
    outbox.request("n3", two);
    outbox.request("n4", two);
    outbox.request("n5", two);
    // The same to look at, and another question.
    outbox.request("n6", three);
    outbox.reply("n7", "its life", reply(4));
    outbox.request("n7", two);
    outbox.reply("n7", "its next life", reply(5));
    await turn();
    const said = sent.map(({ to, frame: { requests, repliesTo, replies } }) => [
      to,
      requests.map(({ id }) => id),
      repliesTo,
      replies.map(({ id }) => id),
    ]);
    assertEquals(said, [
      [["n2"], [1], null, []],
      [["n3"], [1, 2], null, []],
      [["n4", "n5"], [2], null, []],
      [["n7"], [2], "its life", [4]],
      [["n7"], [], "its next life", [5]],
      [["n6"], [3], null, []],
    ]);
  });

  it("lets the others' frames leave before the node hears its own", async () => {
    const { events, askAll } = start();
    askAll(request(1));
    await turn();
    assertEquals(events, ["sent to n2 and n3", "posted to n2 and n3", "heard"]);
  });

  it("sends what comes of the node's own answers in the same turn of the event loop", async () => {
    const { outbox, sent, events, askAll } = start(({ requests }) => {
      for (const { id } of requests) outbox.reply("n1", HEADER.life, reply(id));
      if (requests.length === 0) outbox.request("n2", request(9));
    });
    outbox.request("n1", request(1));
    let turned = false;
    setTimeout(() => turned = true);
    for (let i = 0; i < 20 && sent.length === 0; i++) await Promise.resolve();
    assertEquals([turned, events], [false, ["heard", "heard", "sent to n2"]]);
    askAll(request(2));
    await turn();
    assertEquals(sent.length, 3);
  });

  it("takes back what has not been heard either", async () => {
    const { outbox, events, askAll } = start();
    askAll(request(1));
    outbox.flush();
    outbox.clear();
    await turn();
    assertEquals(events, ["sent to n2 and n3", "posted to n2 and n3"]);
  });

  it("is silent when it is closed", async () => {
    const { outbox, events, askAll } = start();
    askAll(request(1));
    outbox.flush();
    outbox.close();
    askAll(request(2));
    await turn();
    assertEquals(events, ["sent to n2 and n3", "posted to n2 and n3"]);
  });

  it("makes several frames of more messages than one may have", async () => {
    const { outbox, sent } = start();
    for (let id = 0; id < 2_500; id++) outbox.request("n2", request(id));
    for (let id = 0; id < 2_500; id++) outbox.reply("n3", "life of n3", reply(id));
    await turn();
    const sizes = sent.map(({ frame }) => frame.requests.length + frame.replies.length);
    assertEquals(sizes.every((size) => size <= 1_000), true, `${sizes}`);
    assertEquals(sizes.reduce((sum, size) => sum + size), 5_000);
  });
});
