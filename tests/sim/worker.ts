/// <reference lib="deno.worker" />
import { runSeed } from "./run.ts";
import type { ScenarioOptions } from "./scenario.ts";

// Runs the seeds that it is sent, one after the other, and sends back what came of each.
addEventListener("message", async (event) => {
  const { seed, options } =
    (event as MessageEvent<{ seed: string; options: ScenarioOptions }>).data;
  postMessage(await runSeed(seed, options));
});
