import { mixedSuite } from "./suite.ts";

mixedSuite("webSocket", {
  faults: { silent: "deno", refused: "bun", paused: "node" },
  leaving: ["deno", "bun", "node"],
});
