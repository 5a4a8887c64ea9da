/**
 * A worker that runs the suites when it is asked, and answers with what they came to. One request after the other:
 * in workerd timers belong to the request in which they were set.
 *
 * @module
 */
import { runSuites } from "./suites.ts";

export default {
  /** Runs the suites. */
  async fetch(): Promise<Response> {
    return Response.json(await runSuites());
  },
};
