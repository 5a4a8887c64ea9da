/**
 * Three servers, and a page whose tabs take turns with a pen. Each tab is a guest of the cluster: it
 * connects to one of the servers over WebSocket, with a token that a server makes for it.
 *
 *     deno task example:browser-client [PORT]
 *
 * Start reading in `client.ts` and `server.ts`.
 *
 * @module
 */
import { bundle } from "../../tasks/bundle.ts";
import { installModules } from "../../tasks/node_modules.ts";
import { startServers } from "./server.ts";

/** The script of the page, with the library in it. */
export async function bundleClient(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "synod-page-" });
  try {
    const entry = decodeURIComponent(new URL("client.ts", import.meta.url).pathname);
    await bundle(entry, `${folder}/client.js`);
    return await Deno.readTextFile(`${folder}/client.js`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const port = Number(Deno.args[0] ?? 8000);
  if (!Number.isInteger(port) || port < 0 || port > 65533) {
    throw new TypeError(`PORT must be an integer from 0 to 65533, got ${Deno.args[0]}`);
  }
  await installModules();
  await using servers = await startServers({
    secret: crypto.randomUUID(), // in production from a secret store, the same on every server
    script: await bundleClient(),
    port,
  });
  const interrupted = new Promise<void>((resolve) => Deno.addSignalListener("SIGINT", resolve));
  console.log(`Open ${servers.urls.join(" or ")} in several tabs. Ctrl-C ends it.`);
  await interrupted;
}
