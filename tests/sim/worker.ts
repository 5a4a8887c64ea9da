/// <reference lib="deno.worker" />
import { runSeed } from "./run.ts";
import type { ScenarioOptions } from "./scenario.ts";

// Runs each seed that it receives, and sends the result back.
addEventListener("message", async (event) => {
  const { seed, options } =
    (event as MessageEvent<{ seed: string; options: ScenarioOptions }>).data;
  postMessage(await runSeed(seed, options));
});
