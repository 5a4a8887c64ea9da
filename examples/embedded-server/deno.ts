/**
 * An instance under Deno.
 *
 * @module
 */
import { upgradeWebSocket } from "hono/deno";
import { onStop, startInstance } from "./instance.ts";

const { app, node, port } = await startInstance({ upgradeWebSocket });
const server = Deno.serve({ hostname: "127.0.0.1", port }, app.fetch);

onStop(async () => {
  await node.close(); // what it owned is free at once
  await server.shutdown();
});
