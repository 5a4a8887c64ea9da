import { webSocket } from "../../transports/websocket.ts";
import { ClientWebSocket, upgradeWebSocket } from "./support/server.ts";
import { silenceSuite } from "./silence_suite.ts";

silenceSuite(
  "webSocket()",
  "ws",
  (options) => webSocket({ ...options, upgradeWebSocket, WebSocket: ClientWebSocket }),
);
