import { root } from "../../tasks/process.ts";
import type { Program } from "../../tasks/program.ts";
import { linesOf } from "../lines.ts";
import type { Figures } from "../figures.ts";
import type { Command, Contended, Measured, Setup } from "./subject.ts";

/** Milliseconds that a process has to end after its last command, before it is killed. */
const LEAVE = 5_000;

/** A process of a system under measurement, which executes one command at a time. */
export class Driver {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string>;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;

  constructor([command, ...args]: Program) {
    this.#child = new Deno.Command(command, {
      args,
      cwd: root,
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#lines = linesOf(this.#child.stdout);
    this.#stdin = this.#child.stdin.getWriter();
  }

  /** Where it listens; `null` if it is a client alone. To be read first. */
  async address(): Promise<string | null> {
    return (await this.#answer() as { address: string | null }).address;
  }

  /** Connects it; resolves to the rows that it can measure. */
  async open(setup: Setup): Promise<readonly Measured[]> {
    return (await this.#tell({ do: "open", setup }) as { does: Measured[] }).does;
  }

  async measure(
    row: Measured,
    count: number,
    concurrency: number,
    valueSize?: number,
  ): Promise<Figures> {
    return await this.#tell({ do: "measure", row, count, concurrency, valueSize }) as Figures;
  }

  /** Has contenders of this process take turns with those of others. */
  async contend(key: string, contenders: number, times: number): Promise<Contended> {
    return await this.#tell({ do: "contend", key, contenders, times }) as Contended;
  }

  /** Ends it. */
  async close(): Promise<void> {
    const killed = setTimeout(() => this.kill(), LEAVE);
    try {
      await this.#tell({ do: "close" });
      await this.#stdin.close();
      await this.#child.status;
    } catch {
      this.kill();
    } finally {
      clearTimeout(killed);
    }
  }

  kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
  }

  async #tell(command: Command): Promise<unknown> {
    await this.#stdin.write(new TextEncoder().encode(`${JSON.stringify(command)}\n`));
    return await this.#answer();
  }

  async #answer(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("a process under measurement has ended");
    const answer = JSON.parse(value);
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }
}
