import { copyProject } from "../support/project_copy.ts";
import { broken, type Mutation } from "./mutation.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

/** The parts of the project that the tests need. */
const PARTS = [
  "deno.json",
  "deno.lock",
  "mod.ts",
  "lib",
  "transports",
  "guest",
  "testing",
  "tests",
];

/** The arguments of a test run, with the permissions of the transport tests. */
const TEST = [
  ...["test", "--no-check", "--no-prompt", "--fail-fast"],
  ...["--allow-read", "--allow-net=127.0.0.1"],
  "--import-map=tests/offline/import_map.json",
];

/** A copy of the project that has one mutation at a time. */
export class Workplace {
  readonly #root: URL;

  private constructor(root: URL) {
    this.#root = root;
  }

  /** Copies the project to the folder `root`, which need not exist. */
  static async make(root: URL): Promise<Workplace> {
    await copyProject(PARTS, root);
    return new Workplace(root);
  }

  /** Runs one test file, for at most `limit` milliseconds. */
  async run(test: string, limit: number): Promise<[Verdict, string]> {
    const child = new Deno.Command(Deno.execPath(), {
      args: [...TEST, test],
      cwd: this.#root,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, limit);
    const { code, signal, stdout, stderr } = await child.output();
    clearTimeout(timer);
    const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    return verdictOf({ code, signal, output, late });
  }

  /** Applies the mutation, and runs its test files until one is red; `limits` has the limit of each file. */
  async try(mutation: Mutation, limits: ReadonlyMap<string, number>): Promise<[Verdict, string]> {
    const path = new URL(mutation.file, this.#root);
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, broken(text, mutation));
    try {
      let last: [Verdict, string] = ["not run", "it names no test"];
      // In order: most mutations turn the first file red.
      for (const test of mutation.tests) {
        const limit = limits.get(test)!;
        last = await this.run(test, limit);
        if (last[0] !== "red") continue;
        // The same test must fail twice: an occasional failure on a busy machine proves nothing.
        const again = await this.run(test, limit);
        if (again[0] === "red" && again[1] === last[1]) {
          return ["red", `${test}: ${last[1].trim()}`];
        }
        last = ["not run", `${test} fails in one way and in another: ${last[1]}; ${again[1]}`];
      }
      return last;
    } finally {
      await Deno.writeTextFile(path, text);
    }
  }
}
