import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { findBun } from "../../tasks/node_modules.ts";
import { root, run } from "../../tasks/process.ts";
import { Stored } from "../storage/support/stored.ts";

const page = await Deno.readTextFile(`${root}docs/operating.md`);

/** The blocks in this language, in their order. */
function blocks(language: string): string[] {
  return Array.from(
    page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms")),
    ([, text]) => text,
  );
}

/** What a program of Bun prints as JSON: it can read YAML. */
async function evaluated(program: string): Promise<unknown> {
  const { code, output } = await run(await findBun(), ["-e", program]);
  assertEquals(code, 0, output);
  return JSON.parse(output);
}

// deno-lint-ignore no-explicit-any -- documents of other programs
async function yaml(text: string): Promise<any> {
  return await evaluated(`console.log(JSON.stringify(Bun.YAML.parse(${JSON.stringify(text)})))`);
}

describe("docs/operating.md: what runs the processes", () => {
  it("Kubernetes: all pods start at once, and find each other before they are ready", async () => {
    const [service, set, budget] = await yaml(blocks("yaml")[0]);
    assertEquals([service.kind, set.kind, budget.kind], [
      "Service",
      "StatefulSet",
      "PodDisruptionBudget",
    ]);
    assertEquals([service.spec.clusterIP, service.spec.publishNotReadyAddresses], ["None", true]);
    const { spec } = set;
    assertEquals([spec.podManagementPolicy, spec.serviceName], ["Parallel", service.metadata.name]);
    assertEquals(budget.spec.maxUnavailable, 1);
    const { labels } = spec.template.metadata;
    for (const selector of [service.spec.selector, spec.selector.matchLabels]) {
      assertEquals(selector, labels);
    }
    const [container] = spec.template.spec.containers;
    const [{ value }] = container.env;
    const names = Array.from({ length: spec.replicas }, (_, i) => `${set.metadata.name}-${i}`);
    assertEquals(value.split(","), names);
    const [{ name }] = container.volumeMounts;
    assertEquals(spec.volumeClaimTemplates.map((one: { metadata: unknown }) => one.metadata), [
      { name },
    ]);
    for (const [probe, path] of [["readinessProbe", "/ready"], ["livenessProbe", "/alive"]]) {
      const { httpGet } = container[probe];
      assertEquals([httpGet.path, httpGet.port], [path, service.spec.ports[0].port]);
      assert(blocks("ts").some((code) => code.includes(`app.get("${path}"`)), path);
    }
    assert(
      page.includes(`\`ws://\${id}.${service.metadata.name}:${service.spec.ports[0].port}/synod\``),
    );
  });

  it("Docker Compose: a service and a volume for each member, none of which waits for another", async () => {
    const { services, volumes } = await yaml(blocks("yaml")[1]);
    const ids = Object.keys(services);
    assertEquals([ids, Object.keys(volumes)], [["w1", "w2", "w3"], ids]);
    for (const id of ids) {
      const { environment, volumes, depends_on, image, healthcheck } = services[id];
      assertEquals(environment, { ID: id, MEMBERS: ids.join(",") });
      assertEquals([volumes, depends_on], [[`${id}:/data`], undefined]);
      assert(image !== undefined && healthcheck.test.at(-1).endsWith("/ready"));
    }
  });

  it("pm2: a process, an id and a port for each member", async () => {
    const [file] = blocks("js");
    const program = `const module = {}; ${file}; console.log(JSON.stringify(module.exports));`;
    const { apps } = await evaluated(program) as {
      apps: { name: string; exec_mode: string; env: Record<string, string> }[];
    };
    assertEquals(apps.map(({ name, exec_mode }) => [name, exec_mode]), [
      ["w1", "fork"],
      ["w2", "fork"],
      ["w3", "fork"],
    ]);
    assertEquals(apps.map(({ env }) => env.ID), ["w1", "w2", "w3"]);
    assertEquals(new Set(apps.map(({ env }) => env.PORT)).size, 3);
  });
});

describe("docs/operating.md: a member is ready while it has a quorum", () => {
  it("which no member has before all have started, and a restarted one only once it votes", async () => {
    await using cluster = new Stored();
    const ids = ["a", "b", "c"];
    await cluster.start("a", "b");
    await cluster.pass(60_000);
    const isReady = () => ids.map((id) => cluster.nodes.get(id)?.hasQuorum ?? false);
    assertEquals(isReady(), [false, false, false]);
    await cluster.start("c");
    await cluster.ready(...ids);
    assertEquals(isReady(), [true, true, true]);
    cluster.crash("c");
    cluster.disk("c").lose();
    await cluster.pass(3_000);
    const [again] = await cluster.start("c");
    let looks = 0;
    for (; !again.hasQuorum && looks < 10_000; looks++) await cluster.pass(1);
    assert(looks > 0 && again.hasQuorum);
    const { members } = await cluster.time.until(cluster.nodes.get("a")!.status());
    assertEquals(members.map(({ state }) => state), ids.map(() => "operational"));
  });
});
