import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { root } from "../../tasks/process.ts";
import {
  findTests,
  mayShare,
  needsOf,
  ruleFor,
  RUNTIMES,
  runtimesFor,
  shareProcesses,
  SMOKE,
  sortOut,
} from "../../tasks/suites.ts";

describe("ruleFor()", () => {
  it("runs a test in every runtime, with read permission only", () => {
    const rule = ruleFor("tests/kv/put_test.ts");
    assertEquals(rule.runtimes, RUNTIMES);
    assertEquals(rule.permissions, ["--allow-read"]);
  });

  it("runs simulations, models and tests that start other runtimes in Deno alone", () => {
    for (
      const folder of [
        "sim",
        "model",
        "checkers",
        "mutations",
        "runtimes",
        "siege",
        "tasks",
      ]
    ) {
      assertEquals(ruleFor(`tests/${folder}/a_test.ts`).runtimes, ["deno"]);
    }
  });

  it("runs what asks nothing of the platform once for each engine", () => {
    for (const folder of ["cluster", "housekeeping", "recovery"]) {
      assertEquals(ruleFor(`tests/${folder}/a_test.ts`).runtimes, ["deno", "bun"]);
    }
  });

  it("throws for a file outside the tests", () => {
    assertThrows(() => ruleFor("lib/a_test.ts"), Error, "lib/a_test.ts");
  });
});

describe("runtimesFor()", () => {
  const file = "tests/kv/put_test.ts";

  it("is Deno alone for a file that asks for it, with the reason", () => {
    const text = "// Runs in Deno alone: virtual time.\nimport { it } from 'x';\n";
    assertEquals(runtimesFor(file, text), ["deno"]);
  });

  it("is what the rule of its folder says for any other file", () => {
    assertEquals(runtimesFor(file, "// Runs in Deno alone.\n"), RUNTIMES);
    assertEquals(runtimesFor(file, 'it("// Runs in Deno alone: no", () => {});\n'), RUNTIMES);
    assertEquals(runtimesFor("tests/sim/a_test.ts", ""), ["deno"]);
  });

  it("adds the oldest Node for what depends on it, unless the file asks for Deno alone", () => {
    const smoke = "tests/transports/websocket_test.ts";
    assertEquals(runtimesFor(smoke, ""), [...RUNTIMES, "node20"]);
    assertEquals(runtimesFor(smoke, "// Runs in Deno alone: a reason.\n"), ["deno"]);
  });

  it("finds a test for each of the paths that the oldest Node runs", async () => {
    const files = await findTests();
    for (const beginning of SMOKE) {
      assert(files.some((file) => file.startsWith(beginning)), beginning);
    }
  });
});

describe("shareProcesses()", () => {
  const kv = (...numbers: number[]) => numbers.map((n) => `tests/kv/${n}_test.ts`);

  it("puts the files of a folder together, but not too many", () => {
    assertEquals(shareProcesses(kv(1, 2, 3)), [kv(1, 2, 3)]);
    const many = kv(...Array.from({ length: 33 }, (_, n) => 10 + n));
    const groups = shareProcesses(many);
    assertEquals(groups.map((group) => group.length), [11, 11, 11]);
    assertEquals(groups.flat().sort(), many);
  });

  it("keeps apart what has other permissions or is in another folder, and searches and suites", () => {
    const alone = [
      ...["tests/locks/a_test.ts", "tests/kv/a_test.ts", "tests/transports/a_test.ts"],
      ...["tests/guest/a_test.ts", "tests/guest/suites/a_test.ts", "tests/guest/suites/b_test.ts"],
      ...["tests/model/a_test.ts", "tests/model/b_test.ts"],
    ];
    assertEquals(shareProcesses(alone), alone.map((file) => [file]));
  });

  it("keeps a file apart that asks for it, with the reason", () => {
    const text = "// Runs by itself: it measures memory.\nimport { it } from 'x';\n";
    assertEquals([mayShare(text), mayShare("// Runs by itself.\n")], [false, true]);
    const [a, b, c] = kv(1, 2, 3);
    assertEquals(shareProcesses([a, b, c], (file) => file !== b), [[a, c], [b]]);
  });
});

describe("findTests()", () => {
  it("finds this file, but neither fixtures nor helpers", async () => {
    const files = await findTests();
    assert(files.includes("tests/tasks/suites_test.ts"));
    assert(files.every((file) => !file.includes("/fixtures/")));
  });

  it("finds only what is below the given paths", async () => {
    const files = await findTests(["./tests/tasks/", "tests/paxos/ballot_test.ts"]);
    assert(files.includes("tests/tasks/junit_test.ts"));
    assert(files.every((file) => /^tests\/(tasks\/|paxos\/ballot_test)/.test(file)));
  });
});

describe("sortOut()", () => {
  const browser = "tests/runtimes/browser/a_test.ts";
  const example = "tests/examples/edge_client_test.ts";
  const plain = "tests/paxos/ballot_test.ts";

  it("leaves out tests whose program is missing, and reports them", () => {
    assertEquals(sortOut([plain, browser, example], new Set(["chromium" as const])), {
      runnable: [plain, example],
      notRun: [`not run: ${browser} (no chromium on this machine)`],
    });
    assertEquals(sortOut([plain, browser, example], new Set(["workerd" as const])).runnable, [
      plain,
      browser,
    ]);
  });

  it("leaves out no test if no program is missing", () => {
    assertEquals(sortOut([browser, example], new Set()), {
      runnable: [browser, example],
      notRun: [],
    });
  });

  it("finds every test that starts one of these programs", async () => {
    for (const file of await findTests()) {
      if (file === "tests/tasks/suites_test.ts") continue;
      const text = await Deno.readTextFile(root + file);
      const uses = [
        ...(/Browser\.launch/.test(text) ? ["chromium"] : []),
        ...(/startWorkerd|WorkerService/.test(text) ? ["workerd"] : []),
        ...(/startPostgres/.test(text) ? ["postgres"] : []),
        ...(/startRedis/.test(text) ? ["redis-server"] : []),
      ];
      if (uses.length > 0) assertEquals(needsOf(file), uses, file);
    }
  });
});
