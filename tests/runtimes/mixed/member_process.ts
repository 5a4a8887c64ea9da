import { root } from "../../../tasks/process.ts";
import { programFor } from "../../../tasks/program.ts";
import type { Runtime } from "../../../tasks/suites.ts";
import { within } from "../../support/wait.ts";
import type { Commands } from "./commands.ts";
import { readLine, writeLine } from "./line.ts";
import type { Answer, Order } from "./member.ts";

/** Limit for any answer, in milliseconds: far longer than normal. */
const PATIENCE = 30_000;

/**
 * Limit for a process to end after its last command, in milliseconds: far longer than normal, and shorter
 * than a forgotten timer or connection would keep it alive.
 */
const LEAVE = 5_000;

/** The answer of a member to the command `N`. */
export type AnswerTo<N extends keyof Commands> = Awaited<ReturnType<Commands[N]>>;

/** A command that failed in its member. */
export class CommandError extends Error {
  /** The code of a `SynodError`. */
  readonly code: string | undefined;

  constructor(where: string, { name, message, code }: NonNullable<Answer["error"]>) {
    super(`${where}: ${message}`);
    this.name = name;
    this.code = code;
  }
}

/** The process of a member, and its commands. */
export class MemberProcess {
  readonly runtime: Runtime;
  /** Resolves to the exit code of the process when it has ended. */
  readonly ended: Promise<number>;
  readonly #process: Deno.ChildProcess;
  readonly #orders: WritableStreamDefaultWriter<Uint8Array>;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #count = 0;

  private constructor(runtime: Runtime, process: Deno.ChildProcess) {
    this.runtime = runtime;
    this.#process = process;
    this.#orders = process.stdin.getWriter();
    const reading = this.#read();
    this.ended = process.status.then(async ({ code }) => {
      await reading;
      return code;
    });
  }

  /** Starts a process that has not joined yet. */
  static async start(runtime: Runtime): Promise<MemberProcess> {
    const path = decodeURIComponent(new URL("member.ts", import.meta.url).pathname);
    const permissions = ["--allow-read", "--allow-net=127.0.0.1"];
    const [command, ...args] = await programFor(runtime, path, permissions);
    const streams = { stdin: "piped", stdout: "piped", stderr: "inherit" } as const;
    return new MemberProcess(
      runtime,
      new Deno.Command(command, { args, cwd: root, env: { NO_COLOR: "1" }, ...streams }).spawn(),
    );
  }

  /**
   * Sends a command; resolves to its outcome. Rejects with a {@linkcode CommandError}. The method may be
   * used without its object.
   */
  readonly tell = <N extends keyof Commands>(
    name: N,
    ...args: Parameters<Commands[N]>
  ): Promise<AnswerTo<N>> => {
    const answer = this.#tell(name, args);
    // A test that fails leaves answers that no code waits for.
    answer.catch(() => {});
    return answer as Promise<AnswerTo<N>>;
  };

  /** Stops the process: it does not run, and messages to it wait. */
  pause(): void {
    this.#process.kill("SIGSTOP");
  }

  /** Resumes it. */
  resume(): void {
    this.#process.kill("SIGCONT");
  }

  /** Kills it, without a farewell. */
  async kill(): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.ended;
    await this.#orders.close().catch(() => {});
  }

  /** Closes its input, and waits until it has ended by itself; returns its exit code. */
  async leave(): Promise<number> {
    await this.#orders.close();
    return await within(this.ended, `the end of the process of ${this.runtime}`, LEAVE);
  }

  async #tell(name: keyof Commands, args: unknown[]): Promise<unknown> {
    const order: Order = { number: ++this.#count, name, args };
    const where = `${this.runtime}: ${name}()`;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(order.number, resolve));
    // A command that cannot be written gets no answer.
    this.#orders.write(new TextEncoder().encode(`${writeLine(order)}\n`)).catch(() => {});
    const { value, error } = await within(answered, where, PATIENCE);
    if (error !== undefined) throw new CommandError(where, error);
    return value;
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#take(line);
    }
    const error = { name: "Error", message: "the process has ended" };
    for (const number of this.#waiting.keys()) this.#settle({ number, error });
  }

  #take(line: string): void {
    // Other lines are output for people.
    if (line.startsWith('{"number":')) this.#settle(readLine(line) as Answer);
    else console.log(`${this.runtime}: ${line}`);
  }

  #settle(answer: Answer): void {
    this.#waiting.get(answer.number)?.(answer);
    this.#waiting.delete(answer.number);
  }
}
