import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { apart, complaints, KEEPING, planOf, reload, SPACINGS } from "../reload/reload.ts";
import { broadcastStage } from "../reload/stages.ts";

/** Runs for each spacing and latency, in real time; `deno task reload 200 broadcast` makes more. */
const RUNS = 2;

describe("everything reloaded at once, over BroadcastChannel (sections 7 and 12)", () => {
  for (const latency of [0, 5]) {
    for (const spacing of SPACINGS) {
      it(`${apart(spacing)}, with ${latency} ms of additional latency`, async () => {
        for (let run = 0; run < RUNS; run++) {
          const plan = planOf(run * 4 + latency, spacing);
          const outcome = await reload(broadcastStage(latency), plan);
          assertEquals(complaints(outcome, KEEPING.includes(spacing)), [], plan.order.join(" "));
        }
      });
    }
  }
});
