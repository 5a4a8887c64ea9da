import { beforeAll, describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Hono } from "hono";
import { Counter, createApp } from "../../examples/embedded-server/app.ts";
import { installModules } from "../../tasks/node_modules.ts";
import { deno, type Ended, pool, root, run } from "../../tasks/process.ts";
import { RUNTIMES } from "../../tasks/suites.ts";
import { type Cluster, startCluster } from "../support/real_cluster.ts";
import { nextEvent, within } from "../support/wait.ts";

/** The command of the task `example:embedded-server`. */
async function task(): Promise<string[]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
  const [command, ...args] = tasks["example:embedded-server"].command.split(" ");
  assertEquals(command, "deno");
  return args;
}

/** The first of three consecutive free ports, above `from`. */
function freePorts(from: number): number {
  for (let port = from;; port += 3) {
    try {
      for (const next of [port, port + 1, port + 2]) {
        Deno.listen({ hostname: "127.0.0.1", port: next }).close();
      }
      return port;
    } catch {
      // Another program uses one of them.
    }
  }
}

/** Below the ports that the system assigns to programs that ask for any free port. */
const PORTS = 20_000;

/** The runtimes of the instances. */
const TOURS = [...RUNTIMES, "mixed"];

describe("examples/embedded-server", () => {
  const tours = new Map<string, Ended>();

  beforeAll(async () => {
    await installModules();
    const args = await task();
    // Two at a time: they mostly wait.
    await pool(
      2,
      TOURS.map((name, index) => async () => {
        const port = `${freePorts(PORTS + 100 * index)}`;
        tours.set(name, await run(deno, [...args, name, "--port", port], { timeout: 140_000 }));
      }),
    );
  });

  for (const name of TOURS) {
    it(`${name}: three instances do once what must happen once, and lose one of them`, () => {
      const { code, output } = tours.get(name)!;
      assertEquals(code, 0, output);
      for (const [index, runtime] of RUNTIMES.entries()) {
        assertStringIncludes(output, `in ${name === "mixed" ? runtime : name}\n`);
        assertMatch(output, new RegExp(`^  w${index + 1}  http://127.0.0.1:2\\d+  in `, "m"));
      }
      // This test cannot control whether all requests arrive in time; the tests of the app below can.
      const jobs = output.match(
        /^ {2}w[123] {2}(200 {2}done, token \d+|409 {2}it is running already)$/gm,
      );
      assertEquals(jobs?.length, 3, output);
      assertMatch(output, /200 {2}done, token/);
      assertMatch(output, /^ {2}1 2 3 4 5 6 7 8 9, all of them on w[123]$/m);
      const [, killed] = /^(w[123]), which hosts the counter, is killed\.$/m.exec(output)!;
      const goneOn = Array.from(
        output.matchAll(/^ {2}(w[123]) {2}20[01] {2}went on after \d+ ms$/gm),
        ([, id]) => id,
      );
      const left = ["w1", "w2", "w3"].filter((id) => id !== killed);
      assertEquals(goneOn, left, output);
      assertMatch(output, /200 {2}counted as number 1 on w[123], after \d+ ms$/m);
      assertMatch(output, new RegExp(`^  ${killed}  200  the leader is w[123]$`, "m"));
      assertMatch(output, /^All have ended by themselves\.$/m);
    });
  }

  it("with --stay they run until the program is told to end", async () => {
    const port = freePorts(PORTS + 1_000);
    const example = new Deno.Command(deno, {
      args: [...await task(), "--stay", "--port", `${port}`],
      cwd: root,
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const lines = example.stdout.pipeThrough(new TextDecoderStream());
    let output = "";
    for await (const text of lines.values({ preventCancel: true })) {
      output += text;
      if (output.includes("Ask them")) break;
    }
    assertStringIncludes(output, `curl -X PUT -d me http://127.0.0.1:${port}/once/leader`);
    const put = await fetch(`http://127.0.0.1:${port}/once/leader`, { method: "PUT", body: "me" });
    assertEquals([put.status, (await put.json()).value], [201, "me"]);
    const get = await fetch(`http://127.0.0.1:${port + 2}/once/leader`);
    assertEquals(await get.json(), { value: "me" });
    example.kill("SIGTERM");
    for await (const text of lines) output += text;
    assertEquals((await within(example.status, "its end")).code, 0);
    assertMatch(output, /^All have ended by themselves\.$/m);
  });

  it("names an argument that it does not understand", async () => {
    const { code, output } = await run(deno, [...await task(), "--runtime", "bun"]);
    assertEquals(code, 1);
    assertStringIncludes(output, "cannot understand --runtime");
  });
});

/** The apps of three nodes; `jobs` are the running jobs, each with a function that ends it. */
async function startApps(): Promise<{ cluster: Cluster; apps: Hono[]; jobs: Job[] }> {
  const cluster = await startCluster(3, { sessionTtl: 300, timeout: 200, hosts: [Counter] });
  const jobs: Job[] = [];
  const apps = cluster.nodes.map((node) =>
    createApp({
      node,
      work: (job, { signal }) =>
        new Promise((end, reject) => {
          jobs.push({ job, node: node.id, end });
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
    })
  );
  return { cluster, apps, jobs };
}

interface Job {
  readonly job: string;
  readonly node: string;
  readonly end: () => void;
}

async function answer(app: Hono, method: string, path: string, body?: string) {
  const response = await app.request(path, { method, body });
  return [response.status, await response.json()];
}

describe("createApp() of examples/embedded-server", () => {
  it("runs a job on one instance at a time, and other jobs at the same time", async () => {
    const { cluster, apps: [first, second], jobs } = await startApps();
    await using _ = cluster;
    const running = answer(first, "POST", "/jobs/report");
    while (jobs.length === 0) await new Promise((resolve) => setTimeout(resolve));
    assertEquals(await answer(second, "POST", "/jobs/report"), [
      409,
      { job: "report", error: "it is running already" },
    ]);
    const other = answer(second, "POST", "/jobs/other");
    while (jobs.length === 1) await new Promise((resolve) => setTimeout(resolve));
    for (const { end } of jobs) end();
    const [status, { token, ...done }] = await running;
    assertEquals([status, done, token > 0], [200, { job: "report", ranOn: "n1" }, true]);
    assertEquals((await other)[1].ranOn, "n2");
    const again = answer(second, "POST", "/jobs/report");
    while (jobs.length === 2) await new Promise((resolve) => setTimeout(resolve));
    jobs[2].end();
    assert((await again)[1].token > token);
  });

  it("aborts a job whose lock is lost", async () => {
    const { cluster, apps: [first], jobs } = await startApps();
    await using _ = cluster;
    const running = answer(first, "POST", "/jobs/report");
    while (jobs.length === 0) await new Promise((resolve) => setTimeout(resolve));
    cluster.isolate("n1");
    assertEquals(await running, [503, { error: "session_lost" }]);
  });

  it("keeps the first text that is put under a key", async () => {
    const { cluster, apps: [first, second, third] } = await startApps();
    await using _ = cluster;
    assertEquals(await answer(first, "GET", "/once/key"), [404, { error: "not_found" }]);
    const [status, { token, ...put }] = await answer(first, "PUT", "/once/key", "one");
    assertEquals([status, put], [201, { value: "one", mine: true }]);
    assertEquals(await answer(second, "PUT", "/once/key", "other"), [
      200,
      { value: "one", mine: false, token },
    ]);
    assertEquals(await answer(third, "GET", "/once/key"), [200, { value: "one" }]);
    const large = { method: "PUT", body: "x".repeat(65 * 1024) };
    assertEquals((await first.request("/once/large", large)).status, 413);
  });

  it("counts in one place, on requests to any instance", async () => {
    const { cluster, apps } = await startApps();
    await using _ = cluster;
    const answers = [];
    for (const app of apps) answers.push(await answer(app, "POST", "/counters/visits"));
    const [, { host }] = answers[0];
    assertEquals(answers, [1, 2, 3].map((count) => [200, { count, host }]));
    assertEquals((await answer(apps[0], "POST", "/counters/others"))[1].count, 1);
  });

  it("answers 503 with the reason when there is no quorum", async () => {
    const { cluster, apps: [first] } = await startApps();
    await using _ = cluster;
    assertEquals((await answer(first, "GET", "/status"))[0], 200);
    const lost = nextEvent(cluster.nodes[0], "noquorum");
    cluster.isolate("n1");
    await lost;
    const [status, { hasQuorum }] = await answer(first, "GET", "/status");
    assertEquals([status, hasQuorum], [503, false]);
    for (const [method, path] of [["PUT", "/once/key"], ["GET", "/once/key"]]) {
      const response = await first.request(path, { method });
      assertEquals(response.headers.get("retry-after"), "1");
      assertEquals([response.status, await response.json()], [503, { error: "no_quorum" }]);
    }
  });
});
