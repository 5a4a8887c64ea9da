import { webSocket } from "../../transports/websocket.ts";
import { clusterSuite } from "./cluster.ts";
import { ClientWebSocket, upgradeWebSocket } from "./server.ts";

clusterSuite(
  "webSocket()",
  "ws",
  (options) => webSocket({ ...options, upgradeWebSocket, WebSocket: ClientWebSocket }),
);
