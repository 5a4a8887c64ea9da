import { earlier, everybody, webSocketNetwork } from "./support/networks.ts";
import { transportSuite } from "./suite.ts";

transportSuite("webSocket() between servers", () => webSocketNetwork(everybody));
transportSuite("webSocket() with one connection for each pair", () => webSocketNetwork(earlier));
