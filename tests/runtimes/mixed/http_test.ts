import { mixedSuite } from "./suite.ts";

mixedSuite("http", {
  faults: { silent: "node", refused: "deno", paused: "bun" },
  leaving: ["node", "deno", "bun"],
});
