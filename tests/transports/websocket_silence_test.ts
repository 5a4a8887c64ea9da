import { webSocket } from "../../transports/websocket.ts";
import { ClientWebSocket, upgradeWebSocket } from "./server.ts";
import { silenceSuite } from "./silence.ts";

silenceSuite(
  "webSocket()",
  "ws",
  (options) => webSocket({ ...options, upgradeWebSocket, WebSocket: ClientWebSocket }),
);
