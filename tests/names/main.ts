/**
 * `deno task names [COUNT]`: puts and releases so many different names (a million), then locks and releases
 * as many, and says what they leave behind in a cluster.
 *
 * @module
 */
import { lockManyNames, putManyNames, type Remains } from "./remains.ts";

const count = Number(Deno.args[0] ?? 1_000_000);
if (!Number.isSafeInteger(count) || count < 1) {
  throw new TypeError(`names [COUNT]: COUNT is a number from 1 on, got "${Deno.args[0]}"`);
}

function report(what: string, { seconds, entries, growth }: Remains): void {
  console.log(
    `${count} names ${what} and released in ${seconds.toFixed(0)} s: ` +
      `the members hold ${entries.join(", ")} registers, and the heap of all ` +
      `three is ${(growth / 1_024).toFixed(0)} KiB larger than after a thousand`,
  );
}

report("put", await putManyNames(count));
report("locked", await lockManyNames(count));
