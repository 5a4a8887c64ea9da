import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { inspect as nodeInspect } from "node:util";
import { ClusterNode } from "../../mod.ts";
import { startCluster } from "../support/real_cluster.ts";

type Inspect = (value: unknown) => string;
const { Deno, Bun } = globalThis as { Deno?: { inspect: Inspect }; Bun?: { inspect: Inspect } };

/** The functions that print an object in `console.log` of this runtime, and in `node:util`. */
const INSPECTS: readonly Inspect[] = [Deno?.inspect ?? Bun?.inspect ?? nodeInspect, nodeInspect];

/** The printed text, in one line and with one kind of quotes. */
function shown(inspect: Inspect, value: unknown): string {
  return inspect(value).replaceAll(/\s+/g, " ").replaceAll("'", '"').replaceAll(", }", " }");
}

const counter = { id: "counter", start: () => ({ inc: () => 1 }) };

describe("console.log()", () => {
  it("shows the identity and the state of a node", async () => {
    await using cluster = await startCluster(2);
    const [node, other] = cluster.nodes;
    await other.close();
    node.spawn();
    for (const inspect of INSPECTS) {
      const { life } = node;
      assertEquals(
        shown(inspect, node),
        `ClusterNode { id: "n1", life: "${life}", members: [ "n1", "n2" ], state: "operational", ` +
          `hasQuorum: true, session: "n1/${life}/1", ` +
          `owned: { processes: 1, locks: 0, singletons: 0 } }`,
      );
      assertMatch(shown(inspect, other), /state: "closed", hasQuorum: false, session: null, /);
    }
  });

  it("shows the identity of processes, locks and remotes", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    const process = node.spawn();
    const lock = await process.lock("orders/42");
    const { pid } = process;
    for (const inspect of INSPECTS) {
      const owner = `{ node: "n1", session: "${pid.session}", seq: ${pid.seq} }`;
      assertEquals(shown(inspect, process), `Process { pid: ${owner}, ended: false }`);
      assertEquals(
        shown(inspect, lock),
        `Lock { key: "orders/42", mode: "exclusive", token: ${lock.token}, held: true }`,
      );
      assertEquals(
        shown(inspect, node.name("apple", counter)),
        `Remote { spec: "counter", key: "apple" }`,
      );
    }
    await process.exit();
    for (const inspect of INSPECTS) {
      assertMatch(shown(inspect, process), /ended: true/);
      assertMatch(shown(inspect, lock), /held: false/);
    }
  });

  it("shows objects that only inherit from them without an error", () => {
    for (const inspect of INSPECTS) {
      assertMatch(shown(inspect, Object.create(ClusterNode.prototype)), /ClusterNode \{\s*\}/);
    }
  });

  it("adds no enumerable properties to a node", async () => {
    await using cluster = await startCluster(1);
    const names: string[] = [];
    for (const name in cluster.nodes[0]) names.push(name);
    assertEquals(names.filter((name) => name.includes("nspect")), []);
  });
});
