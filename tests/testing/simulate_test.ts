import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import {
  run,
  simulate,
  type SimulateOptions,
  SimulationError,
  type World,
} from "../../testing/mod.ts";
import { valueOf } from "../support/expect.ts";

const MEMBERS = ["a", "b", "c"];
const OPTIONS: SimulateOptions = { seed: 1, members: MEMBERS };

/** The three members, with a quorum. */
async function readyNodes(world: World) {
  const nodes = await world.join("a", "b", "c");
  await Promise.all(nodes.map(({ ready }) => ready));
  return nodes;
}

/** The error of a simulation that fails. */
function failure(test: (world: World) => unknown, options = OPTIONS): Promise<SimulationError> {
  return assertRejects(() => simulate(options, test), SimulationError);
}

describe("simulate()", () => {
  it("is virtual: an hour passes at once, and the time is that of the world", async () => {
    const began = performance.now();
    const { value, time } = await simulate({ ...OPTIONS, limit: 1e8 }, async (world) => {
      const from = world.now();
      await world.sleep(3_600_000);
      return world.now() - from;
    });
    assertEquals([value, time], [3_600_000, 3_600_000]);
    assert(performance.now() - began < 60_000);
  });

  it("crash() frees what a node owned once its session has ended, and not before", async () => {
    const { value } = await simulate(OPTIONS, async (world) => {
      const [a, b] = await readyNodes(world);
      await a.lock("door");
      const from = world.now();
      world.crash("a");
      await b.lock("door");
      return world.now() - from;
    });
    assert(value > 2_000 && value < 10_000, `${value} ms`);
  });

  it("partition() cuts a minority off, cut() one direction; mend() and heal() end that", async () => {
    await simulate(OPTIONS, async (world) => {
      const [a, b] = await readyNodes(world);
      world.partition(["a"], ["b", "c"]);
      assertEquals(await a.kv.put("x", 1), { ok: false, error: "no_quorum" });
      assertEquals(valueOf(await b.kv.put("y", 2)), 2);
      world.heal();
      assertEquals(valueOf(await a.kv.get("y", { noQuorum: "retry" })), 2);
      world.cut("b", "a");
      world.cut("c", "a");
      assertEquals((await a.kv.put("z", 1)).ok, false);
      world.mend("b", "a");
      assertEquals(valueOf(await a.kv.put("z", 1, { noQuorum: "retry" })), 1);
      world.heal();
      await a.kv.put("after", 1, { noQuorum: "retry" });
    });
  });

  it("pause() stops a machine and the code on it, but not the others", async () => {
    await simulate(OPTIONS, async (world) => {
      await readyNodes(world);
      const [machine, from] = [world.machine("a"), world.now()];
      world.pause("a", 10_000);
      await world.sleep(100);
      assertEquals(world.now() - from, 100);
      await machine.sleep(100);
      assert(machine.now() - from >= 10_000 && world.now() - from < 10_100);
    });
  });

  it("restart() starts a node again with its options and its program; a crash ends both", async () => {
    const ran: string[] = [];
    await simulate(OPTIONS, async (world) => {
      const [a] = await world.join("a", "b", "c", {
        sessionTtl: 2_000,
        program: async (node, machine) => {
          for (let i = 0;; i++) {
            ran.push(`${node.id} ${i}`);
            await machine.sleep(60_000);
          }
        },
      });
      await a.ready;
      world.crash("a");
      await world.sleep(90_000);
      const again = await world.restart("a");
      await again.ready;
      assertNotEquals(again.life, a.life);
      assertEquals((await again.status()).session!.remaining <= 2_000, true);
    });
    assertEquals(ran.sort(), ["a 0", "a 0", "b 0", "b 1", "c 0", "c 1"]);
  });

  it("storage: disks survive a crash of all members", async () => {
    await simulate({ ...OPTIONS, storage: true }, async (world) => {
      const [a] = await readyNodes(world);
      await a.kv.put("kept", "on disk");
      for (const id of MEMBERS) world.crash(id);
      const again = await Promise.all(MEMBERS.map((id) => world.restart(id)));
      assertEquals(valueOf(await again[0].kv.get("kept", { noQuorum: "retry" })), "on disk");
    });
  });

  it("setNetwork() loses, doubles and delays as told", async () => {
    const { value, trace } = await simulate({ ...OPTIONS, frames: true }, async (world) => {
      const [a] = await readyNodes(world);
      const times: number[] = [];
      for (const delay of [[1, 2], [100, 200]] as const) {
        world.setNetwork({ delay, loss: 0.1, duplicate: 0.1 });
        const from = world.now();
        await a.kv.put(`${delay}`, 1, { noQuorum: "retry" });
        times.push(world.now() - from);
      }
      return times;
    });
    assert(value[0] < 50 && value[1] > 200, `${value}`);
    assert(trace.some((line) => /a > b: .*accept/.test(line)));
  });

  it("connect() adds a guest, which is cut off and crashes by its name", async () => {
    await simulate(OPTIONS, async (world) => {
      const [a] = await world.join("a", "b", "c", { clients: true, guests: {} });
      const guest = await world.connect("tab");
      await guest.lock("door");
      const waiting = a.lock("door");
      world.crash("~tab");
      await waiting;
    });
  });

  it("fails with its seed, its time and its last events", async () => {
    const bug = new RangeError("two owners");
    const options = { ...OPTIONS, seed: 42 };
    const error = await failure(async (world) => {
      await readyNodes(world);
      world.crash("b");
      world.note("before the bug");
      await world.sleep(1_000);
      throw bug;
    }, options);
    assertEquals([error.seed, error.cause], [42, bug]);
    const [first, second, ...lines] = error.message.split("\n");
    assertMatch(first, /^Seed 42 fails after 1\.\d{3} s: RangeError: two owners$/);
    assertMatch(second, /^Its last events.* \(milliseconds, event\):$/);
    assertMatch(lines.join("\n"), /^ +\d+\.\d{3} {2}a starts\n/);
    assertMatch(lines.at(-2)!, / {2}b crashes$/);
    assertMatch(lines.at(-1)!, / {2}before the bug$/);
    assertEquals(error.trace, lines);
  });

  it("fails by an error of a program, of a timer, and by a promise that rejects unhandled", async () => {
    const bug = new Error("a bug");
    const fail = () => {
      throw bug;
    };
    const bugs: ((world: World) => unknown)[] = [
      (world) => void world.join("a", { program: fail }),
      (world) => void world.setTimeout(fail, 10),
    ];
    // Bun's test runner takes such rejections for its own, and fails the test.
    if (!("Bun" in globalThis)) bugs.push((world) => void world.sleep(10).then(fail));
    for (const begin of bugs) {
      const error = await failure(async (world) => {
        begin(world);
        await world.sleep(1_000);
      });
      assertEquals(error.cause, bug);
    }
  });

  it("fails if the test does not end: by its limit, or if nothing is left to wait for", async () => {
    const limited = await failure(async (world) => {
      await world.join("a");
      await new Promise(() => {});
    }, { ...OPTIONS, limit: 60_000 });
    assertMatch(limited.message, /has not ended after 60\.000 s of virtual time.*world\.outside/);
    const idle = await failure(() => new Promise(() => {}));
    assertMatch(idle.message, /waits for something that never happens/);
  });

  it("ends without a trace: no timer or node goes on", async () => {
    let ticks = 0;
    await simulate(OPTIONS, async (world) => {
      await readyNodes(world);
      setInterval(() => ticks++, 10);
      await world.sleep(95);
    });
    assertEquals(ticks, 9);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assertEquals(ticks, 9);
  });
});

describe("the seed of a simulation", () => {
  it("decides the run: what happens, and when", async () => {
    const once = (seed: number | string) =>
      simulate({ ...OPTIONS, seed, network: { loss: 0.1 } }, async (world) => {
        const nodes = await readyNodes(world);
        return await Promise.all(nodes.map((node) => node.kv.put("leader", node.id)));
      });
    const [first, second, third] = [await once(1), await once("1"), await once(2)];
    assertEquals(first.fingerprint, second.fingerprint);
    assertEquals([first.value, first.trace], [second.value, second.trace]);
    assertNotEquals(first.fingerprint, third.fingerprint);
  });

  it("is one of many in run(), which ends with the first that fails", async () => {
    const tried: unknown[] = [];
    const error = await assertRejects(
      () =>
        run({ seeds: 10, members: MEMBERS }, (world) => {
          tried.push(world.seed);
          if (world.seed === 3) throw new Error("found");
        }),
      SimulationError,
    );
    assertEquals([error.seed, tried], [3, [1, 2, 3]]);
    await run({ seeds: [7, "x"], members: MEMBERS }, (world) => void tried.push(world.seed));
    assertEquals(tried.slice(3), [7, "x"]);
  });

  it("has world.run(), whose worlds have the options of this one, while its time stands still", async () => {
    await simulate(OPTIONS, async (world) => {
      const seen: unknown[] = [];
      const from = world.now();
      await world.run({ seeds: 2 }, async (inner) => {
        await inner.sleep(1_000 * Number(inner.seed));
        seen.push([inner.members, Date.now() === inner.now()]);
      });
      assertEquals(seen, [[MEMBERS, true], [MEMBERS, true]]);
      assertEquals([world.now(), Date.now()], [from, from]);
    });
  });
});

describe("bad options", () => {
  const refused = async (call: () => Promise<unknown>, message: string | RegExp) => {
    const error = await assertRejects(call, TypeError);
    if (typeof message === "string") assertEquals(error.message, message);
    else assertMatch(error.message, message);
  };

  it("of simulate() and run() are named", async () => {
    const given: [object, string | RegExp][] = [
      [{ members: MEMBERS }, "simulate: seed must be a number or a string, received undefined"],
      [{ ...OPTIONS, sed: 1 }, "simulate: unknown option sed; did you mean seed?"],
      [{ seed: 1, members: ["a", "a"] }, 'simulate: members[1] occurs twice: "a"'],
      [{ ...OPTIONS, limit: 0 }, /limit must be a number of milliseconds above 0, received 0/],
      [{ ...OPTIONS, globals: 1 }, "simulate: globals must be true or false, received 1"],
      [{ ...OPTIONS, network: { loss: 2 } }, /network: loss must be a number from 0 to 1/],
      [{ ...OPTIONS, network: { los: 0 } }, /network: unknown option los; did you mean loss\?/],
      [{ ...OPTIONS, network: { delay: [2, 1] } }, /delay must be .*, received \[2, 1\]/],
    ];
    for (const [options, message] of given) {
      await refused(() => simulate(options as SimulateOptions, () => {}), message);
    }
    await refused(
      () => run({ seeds: 0, members: MEMBERS }, () => {}),
      "run: seeds must be a positive integer or a list of seeds, received 0",
    );
    // @ts-expect-error -- there is no test
    await refused(() => simulate(OPTIONS), "simulate: the test must be a function");
  });

  it("of a world are named, and so are nodes that are not there", async () => {
    const given: [(world: World) => unknown, string][] = [
      [(world) => world.join(), "world.join: the id of a node is missing"],
      [(world) => world.join("b", "b"), 'world.join: "b" occurs twice'],
      [
        (world) => world.join("a"),
        'world.join: "a" is running; crash it first, or close its node',
      ],
      // @ts-expect-error -- the option does not exist here
      [(world) => world.join("b", { transport: 1 }), "transport is not an option here"],
      [(world) => world.join("b", { timeout: -1 }), "Cannot join: timeout must be"],
      [(world) => world.crash("b"), 'world.crash: "b" is not running: it was never started'],
      [(world) => world.restart("a"), 'world.restart: "a" is running'],
      [(world) => world.restart("b"), 'world.restart: "b" was never started'],
      [(world) => world.partition(["x"]), 'world.partition: there is no node "x", only a, b, c'],
      [(world) => world.cut("a", "x"), 'world.cut: there is no node "x"'],
      [(world) => world.pause("a", -1), "world.pause: the duration must be"],
      [(world) => world.sleep(NaN), "world.sleep: the duration must be"],
      [(world) => world.machine("b"), 'world.machine: "b" is not running'],
    ];
    for (const [test, message] of given) {
      await simulate(OPTIONS, async (world) => {
        await world.join("a");
        const error = await assertRejects(async () => await test(world), TypeError);
        assert(error.message.includes(message), error.message);
      });
    }
  });
});
