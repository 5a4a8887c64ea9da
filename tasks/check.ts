/**
 * `deno task check`: every check that comes before the tests.
 *
 * @module
 */
import { installModules } from "./node_modules.ts";
import { passes, stages } from "./stages.ts";

await installModules();
if (!await passes(await stages())) Deno.exit(1);
