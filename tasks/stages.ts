import { tsc } from "./node_modules.ts";
import { cores, deno, type Ended, pool, root, run } from "./process.ts";

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

/** The stages, those that fail most often first, and the longest in time for the others to run beside it. */
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
      title: "size of guests and clients",
      commands: [[deno, "run", "--allow-all", "--no-prompt", "tasks/bundle_size.ts"]],
      shows: true,
    },
    {
      title: "package (a dry run of publishing)",
      commands: [[deno, "publish", "--dry-run", "--allow-dirty"]],
    },
  ];
}

/** Runs the commands of a stage; returns whether it passed, and shows its output if it did not. */
async function passesStage({ title, commands, shows }: Stage): Promise<boolean> {
  const started = performance.now();
  const ended: Ended[] = [];
  for (const [command, ...args] of commands) ended.push(await run(command, args));
  const failed = ended.filter(({ code }) => code !== 0);
  for (const { output } of shows ? ended : failed) console.log(output.trimEnd());
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${failed.length > 0 ? "FAILED" : "ok"}: ${title} (${seconds} s)`);
  return failed.length === 0;
}

/**
 * Runs the stages, `width` at a time: each of them uses little more than one core. Returns false if one failed; then no
 * further one has begun.
 */
export async function passes(list: readonly Stage[], width: number = cores): Promise<boolean> {
  let good = true;
  const jobs = list.map((stage) => async () => {
    if (good && !await passesStage(stage)) good = false;
  });
  await pool(width, jobs);
  return good;
}
