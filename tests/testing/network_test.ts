import { beforeEach, describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { Machine } from "../../testing/machine.ts";
import { SimulatedNetwork } from "../../testing/network.ts";
import { Simulation } from "../../testing/simulation.ts";
import type { Transport, TransportUser } from "../../transports/transport.ts";

describe("SimulatedNetwork", () => {
  let simulation: Simulation;
  let network: SimulatedNetwork;
  let log: { line: string; time: number }[];

  beforeEach(() => {
    simulation = new Simulation("1");
    network = new SimulatedNetwork(simulation, simulation.random.fork("network"));
    log = [];
  });

  function node(id: string): { machine: Machine; transport: Transport } {
    const clock = { rate: 1, wallOffset: 0, monotonicOffset: 0, step: 0 };
    const machine = new Machine(simulation, id, simulation.random.fork(id), clock);
    const transport = network.transport(machine);
    transport.open(id, (from, [number]) => {
      log.push({ line: `${from}>${id} ${number}`, time: simulation.time });
    });
    return { machine, transport };
  }

  /** Sends `count` numbered frames, one in each millisecond. */
  function stream(from: Transport, to: string, count: number): void {
    for (let i = 0; i < count; i++) {
      simulation.at(simulation.time + i, () => from.send(to, new Uint8Array([i])));
    }
  }

  it("delivers every frame within its delay when it is calm", async () => {
    const [a] = [node("a"), node("b")];
    stream(a.transport, "b", 200);
    await simulation.run(1_000);
    assertEquals(log.length, 200);
    for (const { line, time } of log) {
      const sent = Number(line.split(" ")[1]);
      assert(time - sent >= 0.2 && time - sent < 2, `${line} at ${time}`);
    }
  });

  it("loses, duplicates, delays and reorders frames according to its profile", async () => {
    const [a] = [node("a"), node("b")];
    network.profile = { loss: 0.25, duplicate: 0.25, delay: [1, 9], tail: 0.1, slowLinks: 0 };
    stream(a.transport, "b", 250);
    await simulation.run(10_000);
    const lines = log.map(({ line }) => line);
    const different = new Set(lines).size;
    assert(different > 150 && different < 215, `${different} arrived`);
    assert(lines.length - different > 25, `${lines.length - different} came twice`);
    const late = log.filter(({ line, time }) => time - Number(line.split(" ")[1]) > 9);
    assert(late.length > 5, `${late.length} were late`);
    const numbers = lines.map((line) => Number(line.split(" ")[1]));
    assert(numbers.some((number, i) => i > 0 && number < numbers[i - 1]), "nothing was overtaken");
  });

  it("carries what guests say as streams: in order, whatever is lost, and nothing after a cut", async () => {
    const machineOf = (name: string) =>
      new Machine(simulation, name, simulation.random.fork(name), {
        ...{ rate: 1, wallOffset: 0, monotonicOffset: 0, step: 0 },
      });
    const heard: number[] = [];
    const port = {
      receive: ([number]: Uint8Array) => Promise.resolve(void heard.push(number)),
      lost: () => {},
    };
    const user = { guests: { admit: () => port } } as unknown as TransportUser;
    await network.transport(machineOf("a")).open("a", () => {}, undefined, user);
    network.profile = { loss: 0.3, duplicate: 0.3, delay: [1, 9], tail: 0.1, slowLinks: 0 };
    const guest = { id: "g", life: "a life" };
    const ignored = { received: () => {}, ended: () => {}, ask: () => new Uint8Array(0) };
    let isOpen = false;
    const line = network.guests(machineOf("~g"), "~g", ["a"])
      .connect("a", guest, { ...ignored, opened: () => void (isOpen = true) });
    await simulation.run(10_000);
    assert(isOpen);
    const numbers = Array.from({ length: 100 }, (_, number) => number);
    for (const number of numbers) {
      simulation.at(simulation.time + number, () => line.send(new Uint8Array([number])));
    }
    await simulation.run(20_000);
    assertEquals(heard, numbers);
    network.cutOneWay("~g", "a");
    line.send(new Uint8Array([100]));
    network.mendOneWay("~g", "a");
    line.send(new Uint8Array([101]));
    await simulation.run(30_000);
    assertEquals(heard, numbers);
  });

  it("has slow links, each in one direction, which stay the same", async () => {
    const ids = ["a", "b", "c", "d"];
    const nodes = ids.map((id) => node(id));
    network.profile = { loss: 0, duplicate: 0, delay: [1, 1.001], tail: 0, slowLinks: 0.4 };
    const taken = new Map<string, Set<boolean>>();
    for (let round = 0; round < 5; round++) {
      const begin = simulation.time;
      log.length = 0;
      for (const { transport } of nodes) transport.send("*", new Uint8Array([0]));
      await simulation.run(begin + 100);
      for (const { line, time } of log) {
        const slow = time - begin > 1.5;
        taken.set(line, (taken.get(line) ?? new Set()).add(slow));
      }
    }
    assertEquals(taken.size, 12);
    assert([...taken.values()].every((seen) => seen.size === 1), "a link changed");
    const slow = [...taken.values()].filter((seen) => seen.has(true)).length;
    assert(slow > 1 && slow < 11, `${slow} of 12 are slow`);
  });

  it("cutOneWay() cuts one direction; frames in flight are lost; heal() ends it", async () => {
    const [a, b] = [node("a"), node("b")];
    a.transport.send("b", new Uint8Array([1]));
    network.cutOneWay("a", "b");
    a.transport.send("b", new Uint8Array([2]));
    b.transport.send("a", new Uint8Array([3]));
    await simulation.run(10);
    network.heal();
    a.transport.send("b", new Uint8Array([4]));
    await simulation.run(20);
    assertEquals(log.map(({ line }) => line), ["b>a 3", "a>b 4"]);
  });

  it("partition() separates groups until heal()", async () => {
    const [a, b] = [node("a"), node("b"), node("c")];
    network.partition([["a"], ["b", "c"]]);
    a.transport.send("*", new Uint8Array([1]));
    b.transport.send("c", new Uint8Array([2]));
    await simulation.run(10);
    network.heal();
    a.transport.send("b", new Uint8Array([3]));
    await simulation.run(20);
    assertEquals(log.map(({ line }) => line), ["b>c 2", "a>b 3"]);
  });

  it("a paused machine receives afterwards, a crashed one neither receives nor sends", async () => {
    const [a, b, c] = [node("a"), node("b"), node("c")];
    b.machine.pause(100);
    a.transport.send("*", new Uint8Array([1]));
    await simulation.run(50);
    assertEquals(log.map(({ line }) => line), ["a>c 1"]);
    c.machine.crash();
    a.transport.send("c", new Uint8Array([2]));
    c.transport.send("a", new Uint8Array([3]));
    await simulation.run(200);
    assertEquals(log.map(({ line }) => line), ["a>c 1", "a>b 1"]);
    assert(log[1].time >= 100);
  });

  it("a machine that stalls sends at the time of its own turn", async () => {
    const [a] = [node("a"), node("b")];
    a.machine.stallSometimes(1, 1_000);
    simulation.at(1, () => {
      a.machine.now();
      a.transport.send("b", new Uint8Array([1]));
    });
    await simulation.run(2_000);
    assert(log[0].time > a.machine.time - 2_000 && log[0].time > 10, `${log[0].time}`);
  });

  it("listen() sees every frame when it is sent, including lost ones", async () => {
    const [a] = [node("a"), node("b"), node("c")];
    const seen: string[] = [];
    network.listen((from, to, [number]) => seen.push(`${from}>${to} ${number}`));
    network.profile = { loss: 1, duplicate: 0, delay: [1, 2], tail: 0, slowLinks: 0 };
    a.transport.send("*", new Uint8Array([7]));
    assertEquals(seen, ["a>b 7", "a>c 7"]);
    await simulation.run(100);
    assertEquals(log, []);
    assertEquals(network.counts, { sent: 2, lost: 2 });
  });
});
