import { root } from "../../../tasks/process.ts";
import { programFor } from "../../../tasks/program.ts";
import type { Runtime } from "../../../tasks/suites.ts";
import { within } from "../../support/wait.ts";
import type { Commands } from "./commands.ts";
import { readLine, writeLine } from "./line.ts";
import type { Answer, Order } from "./member.ts";

/** How long any answer may take, in milliseconds: far longer than it should. */
const PATIENCE = 30_000;

/**
 * How long a process may take to end when it has nothing more to do, in milliseconds: far longer than it
 * should, and shorter than what keeps it alive if a timer or a connection was forgotten.
 */
const LEAVE = 5_000;

/** What a member answers to the command `N`. */
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

/** The process of a member, and what the test tells it. */
export class MemberProcess {
  readonly runtime: Runtime;
  /** Resolves when the process has ended, to its exit code. */
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

  /** Starts a process that has not joined anything yet. */
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
   * Tells it to do something; what came of it. Rejects with a {@linkcode CommandError}. It may be taken
   * out of the member.
   */
  readonly tell = <N extends keyof Commands>(
    name: N,
    ...args: Parameters<Commands[N]>
  ): Promise<AnswerTo<N>> => {
    const answer = this.#tell(name, args);
    // A test that fails in between leaves answers behind that nobody waits for any more.
    answer.catch(() => {});
    return answer as Promise<AnswerTo<N>>;
  };

  /** Stops it where it is: it does nothing at all, and what is sent to it waits. */
  pause(): void {
    this.#process.kill("SIGSTOP");
  }

  /** Lets it go on. */
  resume(): void {
    this.#process.kill("SIGCONT");
  }

  /** Ends it at once, without a farewell. */
  async kill(): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.ended;
    await this.#orders.close().catch(() => {});
  }

  /** Says that there is nothing more to do, and waits until it has ended by itself: its exit code. */
  async leave(): Promise<number> {
    await this.#orders.close();
    return await within(this.ended, `the end of the process of ${this.runtime}`, LEAVE);
  }

  async #tell(name: keyof Commands, args: unknown[]): Promise<unknown> {
    const order: Order = { number: ++this.#count, name, args };
    const where = `${this.runtime}: ${name}()`;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(order.number, resolve));
    // What cannot be written finds no answer either.
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
    // Anything else is there for a person to read.
    if (line.startsWith('{"number":')) this.#settle(readLine(line) as Answer);
    else console.log(`${this.runtime}: ${line}`);
  }

  #settle(answer: Answer): void {
    this.#waiting.get(answer.number)?.(answer);
    this.#waiting.delete(answer.number);
  }
}
