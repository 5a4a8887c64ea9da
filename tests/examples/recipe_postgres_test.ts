import { it } from "@std/testing/bdd";
import { startPostgres } from "./support/database_servers.ts";
import { checkRecipe } from "./support/recipes.ts";

it("docs/recipes/fenced-postgres: the page shows the program and what it prints", async () => {
  const server = await startPostgres();
  try {
    const permissions = ["--allow-read", "--allow-env", "--allow-net=127.0.0.1"];
    await checkRecipe("fenced-postgres", permissions, { DATABASE_URL: server.url });
  } finally {
    await server.stop();
  }
});
