// Runs by itself: it looks at single turns of the event loop.
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type MemoryNetwork, memoryNetwork } from "../../transports/memory.ts";
import type { Transport } from "../../transports/transport.ts";
import { transportSuite } from "./suite.ts";

transportSuite("memoryNetwork", () => {
  const network = memoryNetwork();
  return { transport: () => network.transport(), dispose: () => {} };
});

/** Resolves when all frames that were sent before have arrived: its own frame is the last of them. */
async function settle(network: MemoryNetwork): Promise<void> {
  const [from, to] = [network.transport(), network.transport()];
  await new Promise<void>((resolve) => {
    to.open("settled", () => resolve());
    from.open("settle", () => {});
    from.send("settled", new Uint8Array());
  });
  from.close();
  to.close();
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe("memoryNetwork", () => {
  let network: MemoryNetwork;
  let opened: Transport[];
  let log: string[];

  beforeEach(() => {
    network = memoryNetwork();
    opened = [];
    log = [];
  });

  afterEach(() => {
    for (const transport of opened) transport.close();
  });

  /** Opens a node that logs what it receives as `name<from:text`. */
  function node(id: string, name = id, on: MemoryNetwork = network): Transport {
    const transport = on.transport();
    transport.open(id, (from, frame) => {
      log.push(`${name}<${from}:${new TextDecoder().decode(frame)}`);
    });
    opened.push(transport);
    return transport;
  }

  it("delivers in the order of sending, each frame once", async () => {
    const [a, b] = [node("a"), node("b"), node("c")];
    a.send("c", bytes("1"));
    b.send("c", bytes("2"));
    a.send("*", bytes("3"));
    b.send("c", bytes("4"));
    await settle(network);
    assertEquals(log, ["c<a:1", "c<b:2", "b<a:3", "c<a:3", "c<b:4"]);
  });

  it("delivers in a later task: neither within send() nor in its microtasks", async () => {
    const a = node("a");
    node("b");
    a.send("b", bytes("x"));
    for (let i = 0; i < 100; i++) await null;
    assertEquals(log, []);
    await settle(network);
    assertEquals(log, ["b<a:x"]);
  });

  it("lets timers fire while two nodes answer each other without end", async () => {
    const [a, b] = [network.transport(), network.transport()];
    opened.push(a, b);
    a.open("a", () => a.send("b", bytes("ping")));
    b.open("b", () => b.send("a", bytes("pong")));
    a.send("b", bytes("ping"));
    await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it("two transports with one id both work, and receive from each other but not from themselves", async () => {
    const [first, second] = [node("a", "first"), node("a", "second")];
    const b = node("b");
    b.send("a", bytes("to both"));
    first.send("*", bytes("to all"));
    second.send("a", bytes("to my twin"));
    await settle(network);
    assertEquals(log.sort(), [
      "b<a:to all",
      "first<a:to my twin",
      "first<b:to both",
      "second<a:to all",
      "second<b:to both",
    ]);
    log.length = 0;
    first.close();
    b.send("a", bytes("one left"));
    await settle(network);
    assertEquals(log, ["second<b:one left"]);
  });

  it("partition() separates the groups, and puts all other nodes into one group", async () => {
    const nodes = ["a", "b", "c", "d", "e"].map((id) => node(id));
    const sendAll = () => nodes.forEach((n, i) => n.send("*", bytes(`${i}`)));
    network.partition(["a", "b"], ["c"]);
    sendAll();
    await settle(network);
    assertEquals(log.sort(), ["a<b:1", "b<a:0", "d<e:4", "e<d:3"]);
    log.length = 0;
    network.partition(["a"]); // replaces the earlier partition
    sendAll();
    await settle(network);
    assertEquals(log.length, 12);
    assertEquals(log.filter((line) => line.startsWith("a") || line.includes("<a")), []);
  });

  it("partition() loses a frame in flight between two groups", async () => {
    const a = node("a");
    node("b");
    a.send("b", bytes("in flight"));
    network.partition(["a"], ["b"]);
    await settle(network);
    assertEquals(log, []);
  });

  it("heal() ends the partition, and frames sent during it stay lost", async () => {
    const a = node("a");
    node("b");
    network.partition(["a"], ["b"]);
    a.send("b", bytes("lost"));
    network.heal();
    a.send("b", bytes("heard"));
    await settle(network);
    assertEquals(log, ["b<a:heard"]);
  });

  it("partition() without a group puts all nodes into one group", async () => {
    const a = node("a");
    node("b");
    network.partition(["a"]);
    network.partition();
    a.send("b", bytes("heard"));
    await settle(network);
    assertEquals(log, ["b<a:heard"]);
  });

  it("schedule decides when and how often a frame arrives", () => {
    const waiting: { deliver: () => void; line: string }[] = [];
    const scheduled = memoryNetwork({
      schedule: (deliver, from, to, frame) => {
        waiting.push({ deliver, line: `${from}>${to}:${new TextDecoder().decode(frame)}` });
      },
    });
    const a = node("a", "a", scheduled);
    node("b", "b", scheduled);
    const c = node("c", "c", scheduled);
    a.send("*", bytes("1"));
    a.send("b", bytes("2"));
    assertEquals(waiting.map((w) => w.line), ["a>b:1", "a>c:1", "a>b:2"]);
    assertEquals(log, []);
    waiting[2].deliver();
    waiting[0].deliver();
    waiting[0].deliver();
    assertEquals(log, ["b<a:2", "b<a:1", "b<a:1"]);
    c.close();
    waiting[1].deliver(); // lost: its receiver is closed
    scheduled.partition(["a"]);
    waiting[0].deliver(); // lost: partitioned when it would arrive
    assertEquals(log.length, 3);
  });

  it("schedule may deliver one frame twice: the receiver owns each copy", () => {
    const deliveries: (() => void)[] = [];
    const scheduled = memoryNetwork({ schedule: (deliver) => deliveries.push(deliver) });
    const a = node("a", "a", scheduled);
    const b = scheduled.transport();
    b.open("b", (_, frame) => {
      log.push(new TextDecoder().decode(frame));
      frame.fill(0);
    });
    a.send("b", bytes("precious"));
    deliveries[0]();
    deliveries[0]();
    assertEquals(log, ["precious", "precious"]);
    b.close();
  });

  it("memoryNetwork() refuses options of the wrong type", () => {
    assertThrows(() => memoryNetwork(5 as never), TypeError, "options must be an object");
    assertThrows(() => memoryNetwork(null as never), TypeError, "received null");
    assertThrows(
      () => memoryNetwork({ schedule: "soon" as never }),
      TypeError,
      'schedule must be a function, received "soon"',
    );
  });

  it("partition() refuses an invalid group, and keeps the earlier partition", async () => {
    const a = node("a");
    node("b");
    network.partition(["a"]);
    assertThrows(() => network.partition("a" as never), TypeError, "must be an array of node ids");
    assertThrows(() => network.partition([7 as never]), TypeError, "must be a string, received 7");
    assertThrows(() => network.partition(["a"], ["b", "a"]), TypeError, '"a" is in two groups');
    a.send("b", bytes("lost"));
    await settle(network);
    assertEquals(log, []);
  });

  it("open() refuses a bad id or receiver", async () => {
    const transport = network.transport();
    const open = (self: unknown, receive: unknown) => async () =>
      await transport.open(self as never, receive as never);
    await assertRejects(open(7, () => {}), TypeError, "self must be a node id, received 7");
    await assertRejects(open("", () => {}), TypeError, 'self must be a node id, received ""');
    await assertRejects(open("*", () => {}), TypeError, "self must be a node id");
    await assertRejects(open("a", null), TypeError, "receive must be a function, received null");
    await transport.open("a", () => {}); // none of these opened it
    await assertRejects(open("a", () => {}), TypeError, "is open already");
    transport.close();
    await assertRejects(open("a", () => {}), TypeError, "was closed");
  });
});
