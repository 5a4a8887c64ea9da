import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { deno, root } from "../../tasks/process.ts";
import { passes, type Stage, stages } from "../../tasks/stages.ts";

/** A stage of two commands; the second one ends with `code`, and creates a file. */
function stage(title: string, trace: string, code: number): Stage {
  const script = `Deno.writeTextFileSync(Deno.args[0], ""); Deno.exit(${code})`;
  return { title, commands: [[deno, "eval", ""], [deno, "eval", script, trace]] };
}

async function traces(
  codes: number[],
  width?: number,
): Promise<{ passed: boolean; ran: string[] }> {
  const folder = await Deno.makeTempDir({ prefix: "synod-test-" });
  try {
    const list = codes.map((code, index) => stage(`stage ${index}`, `${folder}/${index}`, code));
    const passed = await passes(list, width);
    return { passed, ran: [...Deno.readDirSync(folder)].map((entry) => entry.name).sort() };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

describe("passes()", () => {
  it("is true when every command of every stage succeeds", async () => {
    assertEquals(await traces([0, 0]), { passed: true, ran: ["0", "1"] });
  });

  it("is false after a stage with a command that fails, and begins no more", async () => {
    assertEquals(await traces([0, 3, 0], 1), { passed: false, ran: ["0", "1"] });
  });
});

describe("stages()", () => {
  it("begins with formatting, and covers every entry point", async () => {
    const list = await stages();
    assertEquals(list[0].title, "formatting");
    const commands = list.flatMap((stage) => stage.commands.map((words) => words.join(" ")));
    const lint = commands.find((command) => command.includes("doc --lint"));
    for (
      const entry of ["./mod.ts", "./guest/mod.ts", "./lib/paxos/mod.ts", "./transports/memory.ts"]
    ) {
      assertEquals(lint?.includes(entry), true, entry);
    }
  });

  it("runs the examples in the doc comments of all code that is published", async () => {
    const { publish } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
    const commands = (await stages()).flatMap(({ commands }) => commands);
    const examples = commands.find((words) => words.includes("--doc"));
    const code = publish.include.filter((path: string) => /^\w+(\.ts)?$/.test(path));
    assertEquals(
      code.filter((path: string) => path !== "LICENSE"),
      examples?.slice(-code.length + 1),
    );
  });
});
