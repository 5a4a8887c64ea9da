import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { join, type JoinOptions, type Transport } from "../../mod.ts";
import { memoryNetwork } from "../../transports/memory.ts";

// deno-lint-ignore no-explicit-any -- what no program with types would pass
type Bad = any;

/** Values that each option must refuse. */
const REFUSED: Readonly<Record<string, readonly unknown[]>> = {
  id: [undefined, null, 1, "", "a b", "a/b", "ä", "*", "x".repeat(65), {}, ["n1"]],
  members: [
    undefined,
    null,
    "n1",
    {},
    [],
    [1],
    ["n1", ""],
    ["n1", "n 2"],
    ["n1", "n1"],
    ["n1", undefined],
    new Set(["n1"]),
    Array.from({ length: 1_000 }, (_, index) => `n${index}`),
  ],
  transport: [
    undefined,
    null,
    "memory",
    {},
    [],
    [undefined],
    () => {},
    { open() {}, send() {} },
    { open() {}, close() {} },
    { open: true, send() {}, close() {} },
  ],
  sessionTtl: [null, 99, 600_001, 0, -1, 1.5, NaN, Infinity, "5000", {}, 5000n],
  timeout: [null, 0, -1, 1.5, NaN, Infinity, 2 ** 31, "2000", {}],
  signal: [null, {}, new AbortController(), "signal", { aborted: true }],
  maxValueBytes: [null, 0, -1, 1.5, NaN, Infinity, "1 MiB", {}, 2 ** 40],
  maxKeys: [null, 0, -1, 1.5, NaN, Infinity, "many", {}, 2 ** 40],
  clients: [null, 0, 1, "true", {}, "yes"],
  maxSessionTtl: [null, 99, 600_001, 0, -1, 1.5, NaN, Infinity, "5000", {}],
  afterMajorityLoss: [null, "", "Restart", "wait for me", true, 1, {}],
};

/** Valid options, with a network of their own. */
function goodOptions(): JoinOptions {
  return { id: "n1", members: ["n1"], transport: memoryNetwork().transport() };
}

/** A transport that records its calls, and connects to no peer. */
function noted(
  log: string[],
  name: string,
  open: () => void | Promise<void> = () => {},
): Transport {
  return {
    open() {
      log.push(`open ${name}`);
      return open();
    },
    send() {},
    close() {
      log.push(`close ${name}`);
    },
  };
}

describe("the options of join", () => {
  for (const [option, refused] of Object.entries(REFUSED)) {
    it(`refuses a bad ${option} with a TypeError that names it`, async () => {
      for (const value of refused) {
        const error = await assertRejects(
          () => join({ ...goodOptions(), [option]: value } as Bad),
          TypeError,
          option,
        );
        assertEquals(error.message.startsWith("Cannot join: "), true);
      }
    });
  }

  it("refuses options that are not an object", async () => {
    for (const options of [undefined, null, 1, "n1"] as Bad[]) {
      await assertRejects(() => join(options), TypeError, "options");
    }
  });

  it("opens no transport if an option is bad", async () => {
    const log: string[] = [];
    const transport = noted(log, "a");
    await assertRejects(() => join({ ...goodOptions(), transport, sessionTtl: 1 }), TypeError);
    assertEquals(log, []);
  });

  it("takes every option at the ends of its range", async () => {
    const least = { sessionTtl: 100, maxSessionTtl: 100, timeout: 1, maxValueBytes: 1, maxKeys: 1 };
    const most = {
      sessionTtl: 600_000,
      maxSessionTtl: 600_000,
      timeout: 2 ** 31 - 1,
      maxValueBytes: 2 ** 20,
      maxKeys: 1_000_000,
      clients: false,
      afterMajorityLoss: "wait",
    } as const;
    for (const options of [least, most]) {
      await using node = await join({ ...goodOptions(), ...options });
      await node.ready;
    }
  });

  it("takes an id of 64 characters, of letters, digits, dots, underscores and dashes", async () => {
    const id = "A-Za.z0_9".padEnd(64, "x");
    await using node = await join({ ...goodOptions(), id, members: [id] });
    await node.ready;
    assertEquals(node.id, id);
    assertEquals(node.members, [id]);
  });

  it("ignores options that are undefined", async () => {
    const options = Object.fromEntries(
      Object.keys(REFUSED).slice(3).map((option) => [option, undefined]),
    );
    await using node = await join({ ...goodOptions(), ...options });
    await node.ready;
  });

  it("keeps its own copy of members", async () => {
    const members = ["n1"];
    await using node = await join({ ...goodOptions(), members });
    members.push("n2");
    await node.ready;
    assertEquals(node.members, ["n1"]);
  });
});
