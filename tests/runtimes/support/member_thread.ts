import type { Answer, Command, Order } from "./member.ts";
import { type StartedThread, startThread } from "./threads.ts";

/** A member in its own thread, which runs `member.ts`. */
export class Member {
  readonly id: string;
  readonly #thread: StartedThread<Order, Answer>;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #orders = 0;

  private constructor(id: string, thread: StartedThread<Order, Answer>) {
    this.id = id;
    this.#thread = thread;
    thread.onMessage((answer) => this.#waiting.get(answer.number)?.(answer));
    thread.onError((error) => {
      throw error;
    });
  }

  /** Starts its thread. */
  static async start(id: string): Promise<Member> {
    return new Member(id, await startThread(new URL("./member.ts", import.meta.url)));
  }

  /** Resolves to the outcome of the command. */
  async tell<T = unknown>(command: Command): Promise<T> {
    const number = ++this.#orders;
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.set(number, resolve);
      this.#thread.post({ number, command });
    });
    this.#waiting.delete(number);
    if (answer.error !== undefined) throw new Error(`${this.id}: ${answer.error}`);
    return answer.value as T;
  }

  /** Terminates its thread, without a farewell. */
  terminate(): void {
    this.#thread.terminate();
  }
}
