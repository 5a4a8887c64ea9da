import { SynodError } from "../errors.ts";
import { sealChange } from "../paxos/kv_register.ts";
import type { Chosen } from "../paxos/proposer.ts";
import type { Binding, Present, RegisterId, SessionId } from "../paxos/register.ts";
import type { Limits } from "./operation.ts";
import type { Proposals } from "./proposals.ts";
import type { Questions } from "./questions.ts";
import type { Reads } from "./reads.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Finds out whether what a value is bound to has ended, and seals it then. Only the seal, a change
 * that is chosen like any other, makes a value absent: no timer does. So once anybody has seen it
 * gone, nobody sees it again.
 */
export class Liveness {
  readonly #runtime: Runtime;
  readonly #reads: Reads;
  readonly #proposals: Proposals;
  readonly #questions: Questions;

  /** Judges by `runtime`'s clock, and by what a quorum says. */
  constructor(runtime: Runtime, reads: Reads, proposals: Proposals, questions: Questions) {
    this.#runtime = runtime;
    this.#reads = reads;
    this.#proposals = proposals;
    this.#questions = questions;
  }

  /** What is chosen for `register`; what has ended is sealed first. */
  async live(register: RegisterId, limits: Limits): Promise<Chosen<void>> {
    let chosen = await this.#reads.read(register, limits);
    while (chosen.state?.present && await this.hasEnded(chosen.state, chosen.stale, limits)) {
      chosen = await this.#proposals.change(register, sealChange(chosen.token), limits);
    }
    return chosen;
  }

  /**
   * Whether one of the bindings of `state` is known to have ended; `stale` are its owners that a
   * quorum believes expired. What cannot be found out counts as lasting on.
   */
  async hasEnded(
    state: Present,
    stale: readonly SessionId[],
    limits: Limits,
  ): Promise<boolean> {
    // The cheap tests first: none of the others can change what they say.
    for (const binding of state.bindings) {
      if (binding.kind === "until" && this.#runtime.wallNow() >= binding.time) return true;
    }
    for (const binding of state.bindings) {
      if (binding.kind === "key" && await this.#isGone(binding, limits)) return true;
    }
    for (const session of stale) {
      if (await this.#isFenced(session, limits)) return true;
    }
    return false;
  }

  /** There is no cycle: a binding names a token that was there before the value that it binds. */
  async #isGone(binding: Binding & { kind: "key" }, limits: Limits): Promise<boolean> {
    const { state } = await this.live(binding.register, limits);
    return !state?.present || state.token !== binding.token;
  }

  async #isFenced(session: SessionId, limits: Limits): Promise<boolean> {
    try {
      return await this.#questions.fence(session, limits);
    } catch (error) {
      if (error instanceof SynodError && error.code === "no_quorum") return false;
      throw error;
    }
  }
}
