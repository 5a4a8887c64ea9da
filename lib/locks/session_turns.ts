import type { Limits, NodeShell } from "../node/shell.ts";

/** Lets requests for locks wait for the session in the order of their calls. */
export class SessionTurns {
  readonly #shell: NodeShell;
  /** Settles when the last request that waits for the session goes on; `null` if none waits. */
  #entering: Promise<void> | null = null;

  /** Waits for the session of `shell`'s node. */
  constructor(shell: NodeShell) {
    this.#shell = shell;
  }

  /** Waits for a session; requests go on in the order of their calls. */
  enter(limits: Limits): Promise<string> | string {
    const shell = this.#shell;
    const { session } = shell;
    const before = this.#entering;
    if (before === null && session.isValid()) return session.current;
    const enter = async () => {
      if (before !== null) {
        const turn = shell.operation<void>(limits);
        before.then(() => turn.resolve());
        await turn.promise;
      }
      return await session.valid(limits);
    };
    const entered = enter();
    // A request that gives up must not let later ones pass earlier ones.
    const over = Promise.allSettled([before, entered]).then(() => {});
    this.#entering = over;
    over.then(() => {
      if (this.#entering === over) this.#entering = null;
    });
    return entered;
  }
}
