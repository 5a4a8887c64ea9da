import { webSocket } from "../../transports/websocket.ts";
import { clusterSuite } from "./cluster_suite.ts";
import { ClientWebSocket, upgradeWebSocket } from "./support/server.ts";

clusterSuite(
  "webSocket()",
  "ws",
  (options) => webSocket({ ...options, upgradeWebSocket, WebSocket: ClientWebSocket }),
);
