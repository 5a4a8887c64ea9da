import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type LockOptions, lockSettings } from "../../lib/locks/options.ts";
import { reasonOf } from "../support/expect.ts";
import { startCluster } from "../support/real_cluster.ts";

describe("node.lock and process.lock: options of the wrong type", () => {
  const bad: [string, unknown][] = [
    ["options", null],
    ["options", 7],
    ["mode", "both"],
    ["mode", null],
    ["ifAvailable", 1],
    ["ifAvailable", null],
    ["steal", "yes"],
    ["signal", {}],
    ["signal", null],
    ["timeout", -1],
    ["timeout", NaN],
    ["timeout", "5"],
    ["timeout", null],
    ["permits", 0],
    ["permits", 1_025],
    ["permits", 1.5],
    ["permits", "2"],
    ["permits", null],
    ["permits", { steal: true, permits: 2 }],
    ["permits", { mode: "shared", permits: 2, steal: false }],
    ["label", 7],
    ["label", null],
    ["label", "x".repeat(201)],
    ["steal", { steal: true, ifAvailable: true }],
    ["exclusive", { steal: true, mode: "shared" }],
  ];
  for (const [name, given] of bad) {
    const isObject = typeof given === "object" && given !== null && "steal" in given;
    const options = name === "options" || isObject ? given : { [name]: given };
    it(`are a TypeError that names ${name}: ${JSON.stringify(options) ?? given}`, async () => {
      await using cluster = await startCluster(1);
      const [node] = cluster.nodes;
      await using process = node.spawn();
      for (const owner of [node, process]) {
        const error = await reasonOf(owner.lock("k", options as { mode: "shared" }));
        assertInstanceOf(error, TypeError);
        assert(error.message.includes(name), error.message);
      }
      assertEquals(await node.locks.query(), { held: [], pending: [] });
    });
  }
});

describe("lockSettings()", () => {
  it("takes every combination of options that makes sense, with its defaults", () => {
    const modes = [undefined, "exclusive", "shared"] as const;
    const { signal } = new AbortController();
    for (const mode of modes) {
      for (const ifAvailable of [undefined, false, true]) {
        for (const steal of [undefined, false, true]) {
          const options: LockOptions = { mode, ifAvailable, steal };
          const conflict = steal === true && (ifAvailable === true || mode === "shared");
          if (conflict) assertThrows(() => lockSettings(options), TypeError, "lock: ");
          else {
            assertEquals(lockSettings(options), {
              mode: mode ?? "exclusive",
              ifAvailable: ifAvailable ?? false,
              steal: steal ?? false,
              signal: undefined,
              timeout: undefined,
            });
          }
        }
      }
    }
    for (const timeout of [undefined, 0, -0, 1.5, Infinity]) {
      assertEquals(lockSettings({ timeout, signal }).timeout, timeout);
    }
  });

  it("names the option, and what was received", () => {
    const wrong: [unknown, string][] = [
      [null, "options must be an object, received null"],
      ["shared", 'options must be an object, received "shared"'],
      [{ mode: "both" }, 'mode must be "exclusive" or "shared", received "both"'],
      [{ ifAvailable: 1 }, "ifAvailable must be true or false, received 1"],
      [{ steal: "yes" }, 'steal must be true or false, received "yes"'],
      [{ signal: {} }, "signal must be an AbortSignal, received an object (Object)"],
      [{ timeout: -1 }, "timeout must be a number of milliseconds, not negative, received -1"],
      [{ timeout: NaN }, "received NaN"],
      [{ timeout: 5n }, "received 5n"],
      [{ timeOut: 5 }, "unknown option timeOut; did you mean timeout?"],
      [{ steal: true, ifAvailable: true }, "steal and ifAvailable exclude each other"],
      [{ steal: true, mode: "shared" }, 'only mode "exclusive" can steal'],
    ];
    for (const [options, why] of wrong) {
      const error = assertThrows(() => lockSettings(options as LockOptions), TypeError);
      assertStringIncludes(error.message, why);
      assert(error.message.startsWith("lock: "), error.message);
      assertInstanceOf(error, TypeError);
    }
  });
});
