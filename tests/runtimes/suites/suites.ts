/**
 * The suites of keys, locks, singletons and Web Locks over guests, for a page or a worker: everything, members
 * included, runs there, over a memory network. Without the files that are long, or about time limits and errors alone:
 * Deno, Node and Bun run all.
 *
 * @module
 */
import "../../support/use_guests.ts";
import "../../kv/bindings_test.ts";
import "../../kv/bound_to_key_test.ts";
import "../../kv/bound_to_pid_test.ts";
import "../../kv/claim_test.ts";
import "../../kv/entries_test.ts";
import "../../kv/handover_test.ts";
import "../../kv/values_test.ts";
import "../../locks/holders_test.ts";
import "../../locks/if_available_test.ts";
import "../../locks/lock_test.ts";
import "../../locks/process_locks_test.ts";
import "../../locks/shared_test.ts";
import "../../locks/steal_test.ts";
import "../../singletons/failure_test.ts";
import "../../singletons/refused_test.ts";
import "../../locks/web/end_test.ts";
import "../../locks/web/held_test.ts";
import "../../locks/web/if_available_test.ts";
import "../../locks/web/mode_test.ts";
import "../../locks/web/names_test.ts";
import "../../locks/web/order_test.ts";
import "../../locks/web/query_test.ts";
import "../../locks/web/request_test.ts";
import "../../locks/web/signal_test.ts";
import "../../locks/web/steal_test.ts";
import { type Test, tests } from "./collected.ts";
import type { Report } from "./report.ts";

/** A test that is left out, since it is about a runtime's speed: hundreds of large values in one turn. */
const LARGE = "maxValueBytes > that are large bytes may be put many times in one turn";

/** Runs those tests of the suites whose place in the list is `from`, `from + step` and so on, each once. */
export async function runSuites(from = 0, step = 1): Promise<Report> {
  const passed: string[] = [];
  const failed: string[] = [];
  const mine = tests.filter(({ name }, index) => index % step === from && name !== LARGE);
  for (const test of mine) {
    const begun = performance.now();
    const why = await run(test);
    const took = Math.round(performance.now() - begun);
    if (why === undefined) passed.push(test.name);
    else failed.push(`${test.name} (${took} ms): ${why}`);
  }
  return { passed, failed };
}

/** Runs a test; returns why it failed. */
async function run({ body }: Test): Promise<string | undefined> {
  try {
    await body();
  } catch (error) {
    return error instanceof Error ? error.stack ?? error.message : String(error);
  }
}
