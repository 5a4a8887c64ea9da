/**
 * Puts the function that runs tests at once in place of `Deno.test`, which does nothing in `deno run`.
 *
 * @module
 */
import { test } from "./test_runner.ts";

const deno: unknown = Reflect.get(globalThis, "Deno");
Object.defineProperty(deno, "test", { value: test });
