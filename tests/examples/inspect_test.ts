import { assertEquals } from "@std/assert";
import { it } from "@std/testing/bdd";
import { inspect, type Inspected } from "../../examples/inspect/main.ts";
import { eventually, within } from "../support/wait.ts";

/** Resolves when the node is told that the member is in that state. */
function becomes({ node }: Inspected, id: string, state: string): Promise<void> {
  const told = new Promise<void>((resolve) => {
    node.addEventListener("membership", ({ detail }) => {
      if (detail.id === id && detail.state === state) resolve();
    });
  });
  return within(told, `${id} is ${state}`);
}

it("deno task inspect shows five members at work, and kills one of them", async () => {
  await using demo = await inspect(0);
  const get = async (path: string) => await (await fetch(demo.url + path)).json();
  await eventually(async () => (await get("cells")).total > 0, "a cell is set");
  const { buttons, members } = await get("overview");
  assertEquals([buttons, members.length], [["Kill", "Pause", "Cut"], 5]);

  const isGone = becomes(demo, "w1", "unreachable");
  const headers = { "content-type": "application/json", "x-synod-inspector": "1" };
  const body = JSON.stringify({ button: "Kill", member: "w1" });
  const response = await fetch(`${demo.url}button`, { method: "POST", headers, body });
  assertEquals([response.status, await response.json()], [200, { ok: true }]);
  await isGone;
});
