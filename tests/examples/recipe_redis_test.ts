import { it } from "@std/testing/bdd";
import { startRedis } from "./support/database_servers.ts";
import { checkRecipe } from "./support/recipes.ts";

it("docs/recipes/fenced-redis: the page shows the program and what it prints", async () => {
  const server = await startRedis();
  try {
    const permissions = ["--allow-read", "--allow-env", "--allow-net=127.0.0.1"];
    await checkRecipe("fenced-redis", permissions, { REDIS_URL: server.url });
  } finally {
    await server.stop();
  }
});
