import type { Pacing } from "../runtime/pacing.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { FastRounds } from "./fast_rounds.ts";

/** The proposer of a fast round, as far as its wait for the last members is concerned. */
interface FastProposer {
  readonly request: { readonly type: string } | undefined;
  readonly awaitsRest: boolean;
  unanswered(): { readonly members: readonly string[] } | undefined;
}

const nothing = (): void => {};

/** The wait of one proposer for the rest of the members, once a quorum has answered its fast round. */
export class RestWait {
  readonly #rounds: FastRounds;
  readonly #pacing: Pacing;
  readonly #runtime: Runtime;
  #cancel: (() => void) | null = null;

  /** Waits for nothing. */
  constructor(rounds: FastRounds, pacing: Pacing, runtime: Runtime) {
    this.#rounds = rounds;
    this.#pacing = pacing;
    this.#runtime = runtime;
  }

  /**
   * Waits if a quorum has answered the round that `proposer` sent at the time `asked`, and then calls `goOn`: at once if the
   * others will not answer.
   */
  begin(proposer: FastProposer, asked: number, goOn: () => void): void {
    if (this.#cancel !== null || !proposer.awaitsRest) return;
    const now = this.#runtime.now();
    this.#pacing.measured(now - asked, now);
    let isOver = false;
    this.#cancel = nothing;
    const missing = () => proposer.unanswered()?.members ?? [];
    const cancel = this.#rounds.awaitRest(missing, asked, now, () => {
      isOver = true;
      // Answers from before a crash may have been dropped: then it waits again, once a quorum has answered.
      this.#cancel = null;
      goOn();
    });
    if (!isOver) this.#cancel = cancel;
  }

  /** The time has passed in which the members were to answer the running request, or it is not wanted any more. */
  unanswered(proposer: FastProposer): void {
    if (proposer.request?.type !== "fast") return;
    this.#rounds.silent(proposer.unanswered()?.members ?? []);
  }

  /** Waits no longer. */
  end(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}
