import { findBun, findNode, tsx } from "../../../tasks/node_modules.ts";
import { deno, root } from "../../../tasks/process.ts";
import type { Runtime } from "../../../tasks/suites.ts";

/** Limit for any answer, in milliseconds: far longer than normal. */
const PATIENCE = 30_000;

/** What a member says. */
export type Line = Record<string, unknown>;

const PROGRAM = decodeURIComponent(new URL("member.ts", import.meta.url).pathname);

async function commandFor(runtime: Runtime): Promise<[string, ...string[]]> {
  switch (runtime) {
    case "deno":
      return [deno, "run", "--no-check", "--no-prompt", "--no-lock", "--allow-all", PROGRAM];
    case "node":
      return [
        await findNode(24),
        "--disable-warning=ExperimentalWarning",
        `--import=${tsx}`,
        PROGRAM,
      ];
    case "bun":
      return [await findBun(), "run", PROGRAM];
  }
}

/** The process of a member with a SQLite file. */
export class FileMember {
  readonly id: string;
  readonly lines: Line[] = [];
  /** Called with each line. */
  onLine: (line: Line) => void = () => {};
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  #wake: () => void = () => {};
  #count = 0;
  #isOver = false;

  private constructor(id: string, process: Deno.ChildProcess) {
    this.id = id;
    this.#process = process;
    this.#input = process.stdin.getWriter();
    this.#reading = this.#read();
  }

  static async start(runtime: Runtime, options: { id: string }): Promise<FileMember> {
    const [command, ...args] = await commandFor(runtime);
    const streams = { stdin: "piped", stdout: "piped", stderr: "inherit" } as const;
    const env = { NO_COLOR: "1" };
    const all = [...args, JSON.stringify(options)];
    const process = new Deno.Command(command, { args: all, cwd: root, env, ...streams }).spawn();
    return new FileMember(options.id, process);
  }

  /** The first line that has this property. */
  async said(name: string): Promise<Line> {
    const until = Date.now() + PATIENCE;
    for (;;) {
      const line = this.lines.find((line) => name in line);
      if (line !== undefined) return line;
      if (this.#isOver || Date.now() > until) {
        throw new Error(`${this.id} did not say ${name}: ${JSON.stringify(this.lines)}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1_000);
        this.#wake = () => (clearTimeout(timer), resolve());
      });
    }
  }

  /** Writes a line to it. */
  async write(line: unknown): Promise<void> {
    // It may have been killed.
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify(line)}\n`)).catch(() => {});
  }

  /** Has it do something; resolves to the number of the order. */
  async order(what: string, key: string, value?: unknown): Promise<number> {
    const id = ++this.#count;
    await this.write({ id, do: what, key, value });
    return id;
  }

  /** Has it do something; resolves to the answer. */
  async ask(what: string, key: string, value?: unknown): Promise<Line> {
    const id = await this.order(what, key, value);
    const until = Date.now() + PATIENCE;
    for (;;) {
      const line = this.lines.find((line) => line.id === id);
      if (line !== undefined) return line;
      if (this.#isOver || Date.now() > until) throw new Error(`${this.id} did not answer ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Kills it at once. */
  async kill(): Promise<void> {
    if (!this.#isOver) this.#process.kill("SIGKILL");
    await this.#process.status;
    await this.#reading;
    await this.#input.close().catch(() => {});
  }

  async #read(): Promise<void> {
    let text = "";
    for await (const piece of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      text += piece;
      for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n")) {
        const line = JSON.parse(text.slice(0, at));
        text = text.slice(at + 1);
        this.lines.push(line);
        this.onLine(line);
        this.#wake();
      }
    }
    this.#isOver = true;
    this.#wake();
  }
}

/** Members in processes of one runtime, each with a file of its own. */
export class FileCluster implements AsyncDisposable {
  readonly runtime: Runtime;
  readonly folder: string;
  readonly ids: readonly string[];
  members: FileMember[] = [];
  #urls: Record<string, string> = {};

  private constructor(runtime: Runtime, folder: string, ids: readonly string[]) {
    this.runtime = runtime;
    this.folder = folder;
    this.ids = ids;
  }

  /** A cluster that does not run yet. */
  static async make(runtime: Runtime, size = 3): Promise<FileCluster> {
    const folder = await Deno.makeTempDir({ prefix: "synod-storage-" });
    const ids = Array.from({ length: size }, (_, index) => `w${index + 1}`);
    return new FileCluster(runtime, folder, ids);
  }

  /** The file of a member. */
  file(id: string): string {
    return `${this.folder}/${id}.db`;
  }

  /** Starts these members, all by default; resolves when they have joined. */
  async start(ids: readonly string[] = this.ids): Promise<void> {
    const { runtime, ids: members } = this;
    this.members = await Promise.all(
      ids.map((id) =>
        FileMember.start(runtime, { id, members, file: this.file(id) } as { id: string })
      ),
    );
    const ports = await Promise.all(this.members.map((member) => member.said("port")));
    this.#urls = Object.fromEntries(
      ids.map((id, index) => [id, `ws://127.0.0.1:${ports[index].port}/synod`]),
    );
    await Promise.all(this.members.map((member) => member.write(this.#urls)));
    await Promise.all(this.members.map((member) => member.said("joined")));
  }

  /** Starts another process of a member that runs, with the same file; resolves when it has joined. */
  async startAgain(id: string): Promise<FileMember> {
    const { runtime, ids: members } = this;
    const options = { id, members, file: this.file(id) };
    const member = await FileMember.start(runtime, options as { id: string });
    this.members.push(member);
    await member.write(this.#urls);
    await member.said("joined");
    return member;
  }

  /** Resolves when all that run are ready. */
  async ready(): Promise<void> {
    await Promise.all(this.members.map((member) => member.said("ready")));
  }

  /** Kills all at once. */
  async kill(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
    this.members = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.folder, { recursive: true });
  }
}
