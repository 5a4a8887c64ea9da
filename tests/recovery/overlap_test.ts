// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Random } from "../../testing/random.ts";
import { VirtualTime } from "../support/virtual_time.ts";
import { startLives } from "./support/lives.ts";

/** Random histories: in this number of them, every eighth once left a process without a quorum for good. */
const HISTORIES = 80;

/** Time within which every process has a quorum or has closed, in milliseconds. */
const PATIENCE = 60_000;

/** The state of a process: `ok` if it reads, or else its error. */
async function stateOf(
  node: { readonly kv: { get(key: string, options: object): Promise<unknown> } },
): Promise<string> {
  try {
    const read = await node.kv.get("k", { default: 1, timeout: 500 }) as {
      readonly ok: boolean;
      readonly error?: string;
    };
    return read.ok ? "ok" : read.error!;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe("two members whose deployments overlap while the third one crashes", () => {
  it("the losing processes close as replaced; none stays without a quorum", async () => {
    for (let seed = 0; seed < HISTORIES; seed++) {
      const random = new Random(`overlap ${seed}`);
      const time = new VirtualTime();
      await using cluster = await startLives(3, { time, sessionTtl: 1_000, timeout: 1_000 });
      time.latency = random.pick([0.5, 5, 20]);
      const third = random.pick(cluster.members);
      const two = cluster.members.filter((id) => id !== third);
      if (random.chance(0.5)) two.reverse();
      const older = two.map((id) => cluster.node(id));
      const acts: (() => unknown)[] = two.map((id) => () => cluster.start(id));
      acts.splice(random.integer(0, 2), 0, () => cluster.crash(third));
      for (const act of acts) {
        await act();
        await time.pass(random.between(0, 400));
      }
      await time.pass(random.pick([0, 50, 2_000, 8_000]));
      await cluster.start(third);
      await time.pass(PATIENCE);
      const states: Record<string, string[]> = {};
      for (const node of [...older, ...cluster.nodes]) {
        (states[node.id] ??= []).push(await time.until(stateOf(node)));
      }
      const expected = Object.fromEntries(
        [...two, third].map((id) => [id, id === third ? ["ok"] : ["ok", "replaced"]]),
      );
      for (const each of Object.values(states)) each.sort();
      assertEquals(states, expected, `seed ${seed}`);
    }
  });
});
