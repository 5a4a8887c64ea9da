import { earlier, everybody, httpNetwork } from "./support/networks.ts";
import { transportSuite } from "./suite.ts";

transportSuite("http() between servers", () => httpNetwork(everybody));
transportSuite("http() with one connection for each pair", () => httpNetwork(earlier));
