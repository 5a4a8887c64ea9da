/**
 * `deno task check`: everything that the tests need to be true first.
 *
 * @module
 */
import { installModules } from "./node_modules.ts";
import { passes, stages } from "./stages.ts";

await installModules();
if (!await passes(await stages())) Deno.exit(1);
