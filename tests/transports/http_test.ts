import { allNodes, earlier, httpNetwork } from "./support/networks.ts";
import { transportSuite } from "./suite.ts";

transportSuite("http() between servers", () => httpNetwork(allNodes));
transportSuite("http() with one connection for each pair", () => httpNetwork(earlier));
