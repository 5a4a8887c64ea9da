import { tsc } from "./node_modules.ts";
import { deno, pool, root, run, width } from "./process.ts";

/** The files and folders of the package that contain code. */
const SHIPPED = ["mod.ts", "lib", "transports", "guest", "testing"];

const IMPORT_MAP = "--import-map=tests/offline/import_map.json";

/** A check that must pass before the tests run. */
export interface Stage {
  readonly title: string;
  readonly commands: readonly (readonly [command: string, ...args: string[]])[];
  /** Whether its output is shown when it passes, too. */
  readonly shows?: boolean;
}

/** The files of the entry points of the package. */
async function entryPoints(): Promise<string[]> {
  const config = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
  return Object.values(config.exports as Record<string, string>);
}

/** The stages in order, the fastest first. */
export async function stages(): Promise<Stage[]> {
  const web = [tsc, "--project", "tsconfig.web.json"];
  return [
    { title: "formatting", commands: [[deno, "fmt", "--check"]] },
    { title: "lint", commands: [[deno, "lint"]] },
    {
      title: "types of the shipped code, against the Web types only",
      commands: [
        ["node", ...web],
        // Code that ships may use only what pages and workers have in common.
        ["node", ...web, "--lib", "es2023,esnext.disposable,dom,dom.iterable,dom.asynciterable"],
      ],
    },
    { title: "types of everything", commands: [[deno, "check", IMPORT_MAP, "."]] },
    {
      title: "documentation of every export",
      commands: [[deno, "doc", "--lint", ...await entryPoints()]],
    },
    {
      title: "examples in the documentation",
      commands: [[deno, "test", "--doc", "--no-prompt", IMPORT_MAP, ...SHIPPED]],
    },
    {
      title: "size of a guest",
      commands: [[deno, "run", "--allow-all", "--no-prompt", "tasks/bundle_size.ts"]],
      shows: true,
    },
    {
      title: "package (a dry run of publishing)",
      commands: [[deno, "publish", "--dry-run", "--allow-dirty"]],
    },
  ];
}

/** Runs the stages in order; returns false, after showing the output, at the first failure. */
export async function passes(list: readonly Stage[]): Promise<boolean> {
  for (const { title, commands, shows } of list) {
    const started = performance.now();
    const ended = await pool(
      width,
      commands.map(([command, ...args]) => () => run(command, args)),
    );
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const failed = ended.filter(({ code }) => code !== 0);
    if (failed.length > 0) {
      for (const { output } of failed) console.log(output.trimEnd());
      console.log(`FAILED: ${title} (${seconds} s)`);
      return false;
    }
    console.log(`ok: ${title} (${seconds} s)`);
    if (shows) { for (const { output } of ended) console.log(output.trimEnd()); }
  }
  return true;
}
