import { allNodes, earlier, webSocketNetwork } from "./support/networks.ts";
import { transportSuite } from "./suite.ts";

transportSuite("webSocket() between servers", () => webSocketNetwork(allNodes));
transportSuite("webSocket() with one connection for each pair", () => webSocketNetwork(earlier));
