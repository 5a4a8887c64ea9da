import { allNodes, webSocketNetwork } from "./support/networks.ts";
import { transportSuite } from "./suite.ts";

transportSuite("webSocket() between servers", () => webSocketNetwork(allNodes));
