// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  apart,
  complaints,
  KEEPING,
  MEMBERS,
  orders,
  planOf,
  reload,
  SPACINGS,
} from "../reload/reload.ts";
import { virtualStage } from "../reload/stages.ts";

/** Runs over the memory network for each spacing and latency: every order, with every member as the owner. */
const VIRTUAL_RUNS = 18;

describe("everything reloaded at once, over the memory network (sections 7 and 12)", () => {
  for (const latency of [0, 5]) {
    for (const spacing of SPACINGS) {
      it(`${apart(spacing)}, with frames that take ${latency} ms`, async () => {
        for (let run = 0; run < VIRTUAL_RUNS; run++) {
          const plan = planOf(run, spacing);
          const outcome = await reload(virtualStage(`${spacing}/${latency}/${run}`, latency), plan);
          assertEquals(complaints(outcome, KEEPING.includes(spacing)), [], plan.order.join(" "));
        }
      });
    }
  }

  it("keeps the values also if all start at once, since members take turns", async () => {
    for (const latency of [0, 5]) {
      for (let run = 0; run < VIRTUAL_RUNS; run++) {
        const outcome = await reload(virtualStage(`0/${latency}/${run}`, latency), planOf(run, 0));
        assertEquals(complaints(outcome, true), [], `${latency} ms, run ${run}`);
      }
    }
  });

  it("twice, with the second reload during the first", async () => {
    for (const spacing of SPACINGS) {
      for (let run = 0; run < orders(MEMBERS).length; run++) {
        const plan = { ...planOf(run, spacing), times: 2 };
        const outcome = await reload(virtualStage(`twice/${spacing}/${run}`, 5), plan);
        assertEquals(complaints(outcome, false), [], `${spacing} ms, ${plan.order.join(" ")}`);
      }
    }
  });
});
