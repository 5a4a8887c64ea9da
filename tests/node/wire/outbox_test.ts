import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Outbox } from "../../../lib/node/wire/outbox.ts";
import type { Frame, Header, Reply, Request } from "../../../lib/paxos/messages.ts";
import { VirtualTime } from "../../support/virtual_time.ts";

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

/** The outbox of n1, and a record of its output. */
function start(loopback: (frame: Frame) => void = () => {}, told = Infinity) {
  const sent: { to: readonly string[]; frame: Frame }[] = [];
  const events: string[] = [];
  const outbox = new Outbox({
    self: "n1",
    runtime: new VirtualTime().runtime,
    header: () => HEADER,
    send: (to, frame) => {
      sent.push({ to, frame });
      events.push(`sent to ${to.join(" and ")}`);
      // As transports do that combine the frames of one turn.
      queueMicrotask(() => events.push(`posted to ${to.join(" and ")}`));
    },
    informs: ({ id }) => id >= told,
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

/** Waits until everything deferred to the end of this turn is done. */
const turn = () => new Promise((resolve) => setTimeout(resolve));

describe("Outbox", () => {
  it("makes one frame of equal messages to several peers in one turn", async () => {
    const { sent, askAll } = start();
    askAll(request(1));
    askAll(request(2));
    await turn();
    assertEquals(sent.map(({ to }) => to), [["n2", "n3"]]);
    assertEquals(sent[0].frame.requests, [request(1), request(2)]);
  });

  it("sends each peer its own messages if they differ", async () => {
    const { outbox, sent, askAll } = start();
    const [one, two, three] = [request(1), request(2), request(3)];
    askAll(one);
    outbox.request("n3", two);
    outbox.request("n4", two);
    outbox.request("n5", two);
    // Looks the same, but is another request.
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

  it("sends frames to others before the node receives its own", async () => {
    const { events, askAll } = start();
    askAll(request(1));
    await turn();
    assertEquals(events, ["sent to n2 and n3", "posted to n2 and n3", "heard"]);
  });

  it("hears its own before, if others are told of it: they are told in the same frame", async () => {
    const tell = ({ requests }: Frame) => {
      for (const { id } of requests) outbox.reply("n2", "its life", reply(id));
      if (requests.length > 0) outbox.reply("n1", HEADER.life, reply(9));
    };
    const { outbox, sent, events, askAll } = start(tell, 5);
    askAll(request(4));
    askAll(request(5));
    await turn();
    assertEquals(events.slice(0, 3), ["heard", "sent to n2", "sent to n3"]);
    const told = sent.map(({ frame }) => [frame.requests.length, frame.replies.length]);
    assertEquals(told, [[2, 2], [2, 0]]);
  });

  it("hears its own behind others also then, where it is much", async () => {
    const { events, askAll } = start(() => {}, 1);
    for (let id = 1; id <= 5; id++) askAll(request(id));
    await turn();
    assertEquals(events.slice(0, 3), ["sent to n2 and n3", "posted to n2 and n3", "heard"]);
  });

  it("sends the results of the node's own answers in the same turn of the event loop", async () => {
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

  it("withdraws messages that were not received either", async () => {
    const { outbox, events, askAll } = start();
    askAll(request(1));
    outbox.flush();
    outbox.clear();
    await turn();
    assertEquals(events, ["sent to n2 and n3", "posted to n2 and n3"]);
  });

  it("sends nothing when it is closed", async () => {
    const { outbox, events, askAll } = start();
    askAll(request(1));
    outbox.flush();
    outbox.close();
    askAll(request(2));
    await turn();
    assertEquals(events, ["sent to n2 and n3", "posted to n2 and n3"]);
  });

  it("splits messages that exceed the limit of one frame", async () => {
    const { outbox, sent } = start();
    for (let id = 0; id < 2_500; id++) outbox.request("n2", request(id));
    for (let id = 0; id < 2_500; id++) outbox.reply("n3", "life of n3", reply(id));
    await turn();
    const sizes = sent.map(({ frame }) => frame.requests.length + frame.replies.length);
    assertEquals(sizes.every((size) => size <= 1_000), true, `${sizes}`);
    assertEquals(sizes.reduce((sum, size) => sum + size), 5_000);
  });
});
