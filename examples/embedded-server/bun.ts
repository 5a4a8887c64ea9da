/**
 * An instance under Bun, which serves the default export of this module.
 *
 * @module
 */
import process from "node:process";
import { upgradeWebSocket, websocket } from "hono/bun";
import { limitPings } from "../../transports/websocket.ts";
import { onStop, startInstance } from "./instance.ts";

const { app, node, port } = await startInstance({ upgradeWebSocket });

onStop(async () => {
  await node.close(); // what it owned is free at once
  process.exit();
});

export default {
  hostname: "127.0.0.1",
  port,
  fetch: app.fetch,
  websocket: { ...limitPings(websocket), maxPayloadLength: 1024 * 1024 },
};
