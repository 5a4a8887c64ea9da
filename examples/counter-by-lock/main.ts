/**
 * Three nodes of a web app that counts, and 300 concurrent requests:
 *
 *     deno task example:counter-by-lock [--no-lock]
 *
 * The counter is at 300 afterwards. With `--no-lock`, requests read the same value, add one to it, and
 * overwrite each other's result. The exit code is 1 if increments were lost.
 *
 * Start reading in `app.ts`.
 *
 * @module
 */
import { join } from "../../mod.ts";
import { memoryNetwork } from "../../transports/memory.ts";
import { counterApp } from "./app.ts";
import { Store } from "./store.ts";

const MEMBERS = ["w1", "w2", "w3"];
const REQUESTS = 300;

async function main(withLock: boolean): Promise<boolean> {
  const store = new Store();
  const network = memoryNetwork();
  const nodes = await Promise.all(
    MEMBERS.map((id) => join({ id, members: MEMBERS, transport: network.transport() })),
  );
  const apps = nodes.map((node) => counterApp({ node, store, withLock }));

  const started = performance.now();
  const responses = await Promise.all(
    Array.from({ length: REQUESTS }, (_, index) =>
      // A server would call `fetch` for each request from the network.
      apps[index % apps.length].request("/increment/apples", { method: "POST" })),
  );
  const took = Math.round(performance.now() - started);
  const succeeded = responses.filter(({ ok }) => ok).length;
  const { value } = await (await apps[0].request("/counter/apples")).json();
  await Promise.all(nodes.map((node) => node.close()));

  console.log(`${succeeded} of ${REQUESTS} requests succeeded, in ${took} ms.`);
  console.log(`The counter is at ${value}.`);
  if (value === succeeded) return true;
  console.log(`${succeeded - value} increments were lost.`);
  return false;
}

if (import.meta.main) {
  const right = await main(!Deno.args.includes("--no-lock"));
  if (!right) Deno.exitCode = 1;
}
