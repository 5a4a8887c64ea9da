/**
 * A program for every runtime: a server whose transport rejects a stranger that goes on sending, and then
 * closes. It does not call exit.
 *
 * @module
 */
import { webSocket } from "../../../transports/websocket.ts";
import { ClientWebSocket, TestServer, upgradeWebSocket } from "../../transports/support/server.ts";

const server = await TestServer.start();
const transport = webSocket({ secret: "vJ8nQmZ2xWc5TtLhYk7RbE4sDfGp9aUo", upgradeWebSocket });
server.mount(transport.routes);
await transport.open("w1", () => {});
const stranger = new ClientWebSocket(server.url("ws"));
const closed = new Promise<{ code: number }>((resolve) => {
  stranger.addEventListener("close", resolve);
});
stranger.addEventListener("open", () => {
  for (const words of ["let", "me", "in"]) stranger.send(words);
});
console.log(`closed with ${(await closed).code}`);
await transport.close();
await server.close();
