/**
 * `deno task names [COUNT]`: uses a million (or `COUNT`) different new names, and prints the state that they
 * leave in a cluster: names that are put and released, locked and released, put with `until` and never
 * read again, and the last again with one member down.
 *
 * @module
 */
import { lockManyNames, putManyNames, type Remains } from "./remains.ts";
import { type Expired, expireManyNames, expireWithoutMember } from "./expired.ts";

const count = Number(Deno.args[0] ?? 1_000_000);
if (!Number.isSafeInteger(count) || count < 1) {
  throw new TypeError(
    `names [COUNT]: COUNT must be an integer of at least 1, got "${Deno.args[0]}"`,
  );
}

function reportUsed(what: string, { seconds, entries, growth }: Remains): void {
  console.log(
    `${count} names ${what} and released in ${seconds.toFixed(0)} s: ` +
      `the members hold ${entries.join(", ")} registers, and the heap of all ` +
      `three is ${(growth / 1_024).toFixed(0)} KiB larger than after a thousand`,
  );
}

function reportExpired(what: string, { seconds, held, entries, growth, latest }: Expired): void {
  console.log(
    `${count} names that expired${what}: the members held ${held.join(", ")} registers, ` +
      `and ${entries.join(", ")} after ${seconds.toFixed(1)} s ` +
      `(${Math.round(count / seconds)} a second); timers came up to ${
        latest.toFixed(0)
      } ms late, ` +
      `and the heap of all three is ${(growth / 1_024).toFixed(0)} KiB larger than before`,
  );
}

reportUsed("put", await putManyNames(count));
reportUsed("locked", await lockManyNames(count));
reportExpired("", await expireManyNames(count));
reportExpired(", with one member down", await expireWithoutMember(count));
