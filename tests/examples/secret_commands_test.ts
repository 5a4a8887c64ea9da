import { assertEquals, assertNotEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { root } from "../../tasks/process.ts";
import { nodeToken } from "../../transports/websocket.ts";

const readme = await Deno.readTextFile(`${root}README.md`);
const [, block] = /^```sh\n(openssl[^`]*)```/m.exec(readme)!;
const commands = block.trim().split("\n");

/** The output of a command; the programs that the tests themselves need are on every machine. */
async function outputOf(command: string): Promise<string> {
  const run = new Deno.Command("sh", { args: ["-c", command], env: { NO_COLOR: "1" } });
  const { code, stdout, stderr } = await run.output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
}

describe("the commands of README.md that make a secret", () => {
  it("are one for each runtime, and one for none", () => {
    const programs = commands.map((command) => command.split(" ")[0]);
    assertEquals(programs.sort(), ["bun", "deno", "node", "openssl"]);
  });

  for (const command of commands) {
    it(`${command}: makes another one each time, which is accepted`, async () => {
      const secrets = [await outputOf(command), await outputOf(command)];
      assertNotEquals(secrets[0], secrets[1]);
      for (const secret of secrets) await nodeToken({ secret, id: "n1" });
    });
  }
});
