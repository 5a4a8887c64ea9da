/**
 * An instance under Node.
 *
 * @module
 */
import { serve, upgradeWebSocket } from "@hono/node-server";
import { WebSocket, WebSocketServer } from "ws";
import { onStop, startInstance } from "./instance.ts";

const { app, node, port } = await startInstance({ upgradeWebSocket, WebSocket });
const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 * 1024 });
const server = serve({
  fetch: app.fetch,
  hostname: "127.0.0.1",
  port,
  websocket: { server: sockets },
});

onStop(async () => {
  await node.close(); // what it owned is free at once
  server.close();
});
