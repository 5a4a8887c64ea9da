import { SynodError } from "../../errors.ts";
import { sealChange } from "../../paxos/kv_register.ts";
import type { Chosen } from "../../paxos/change.ts";
import type { Binding, Present, RegisterId, SessionId } from "../../paxos/register.ts";
import type { Limits } from "../runtime/operation.ts";
import type { Proposals } from "./proposals.ts";
import type { QuorumQueries } from "./queries.ts";
import type { Reads } from "./reads.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { SettledValues } from "./settled_values.ts";

/**
 * Finds out whether what a value is bound to has ended, and then seals the value. Only the seal, a change that
 * is chosen like any other, makes a value absent; no timer does. So once one node has read it as absent, no
 * later read shows it.
 */
export class Liveness {
  readonly #runtime: Runtime;
  readonly #reads: Reads;
  readonly #proposals: Proposals;
  readonly #queries: QuorumQueries;
  readonly #settled: SettledValues;

  /** Judges by `runtime`'s clock, and by what a quorum says. */
  constructor(parts: {
    runtime: Runtime;
    reads: Reads;
    proposals: Proposals;
    queries: QuorumQueries;
    settled: SettledValues;
  }) {
    this.#runtime = parts.runtime;
    this.#reads = parts.reads;
    this.#proposals = parts.proposals;
    this.#queries = parts.queries;
    this.#settled = parts.settled;
  }

  /** What is chosen for `register`; a value that has ended is sealed first. */
  async live(register: RegisterId, limits: Limits): Promise<Chosen<void>> {
    const known = this.#known(register);
    if (known !== undefined) return known;
    const { generation } = this.#settled;
    let chosen = await this.#reads.read(register, limits);
    while (chosen.state?.present && await this.hasEnded(chosen.state, chosen.stale, limits)) {
      chosen = await this.#seal(register, chosen.token, limits);
    }
    if (chosen.state?.present) this.#settled.note(register, chosen.state, generation);
    return chosen;
  }

  /** What is chosen for `register`, whether or not it has ended. */
  async look(register: RegisterId, limits: Limits): Promise<Chosen<void>> {
    const known = this.#known(register);
    if (known !== undefined) return known;
    const { generation } = this.#settled;
    const chosen = await this.#reads.read(register, limits);
    const { state } = chosen;
    if (state?.present) this.#settled.note(register, state, generation);
    return chosen;
  }

  /**
   * The value of `register`, without waiting for a seal. A value that has ended counts as absent here, so a
   * later read may still show it.
   */
  async peek(register: RegisterId, limits: Limits): Promise<Present | null> {
    const { state, stale } = await this.look(register, limits);
    return !state?.present || await this.hasEnded(state, stale, limits) ? null : state;
  }

  /**
   * Whether one of the bindings of `state` is known to have ended. `stale` lists its owners that a quorum
   * believes expired. A binding whose end cannot be determined counts as lasting.
   */
  hasEnded(
    state: Present,
    stale: readonly SessionId[],
    limits: Limits,
  ): Promise<boolean> | boolean {
    // Most values: what they are bound to is alive as far as a quorum knows.
    if (stale.length === 0 && !state.bindings.some(hasCondition)) return false;
    return this.#hasEnded(state, stale, limits);
  }

  async #hasEnded(
    state: Present,
    stale: readonly SessionId[],
    limits: Limits,
  ): Promise<boolean> {
    // Cheap tests come first: the other tests cannot change their results.
    for (const binding of state.bindings) {
      if (binding.kind === "until" && this.#runtime.wallNow() >= binding.time) return true;
    }
    for (const binding of state.bindings) {
      if (binding.kind === "key" && await this.#isGone(binding, limits)) return true;
    }
    for (const session of stale) {
      if (await this.isFenced(session, limits)) return true;
    }
    return false;
  }

  /**
   * There is no cycle: a binding names a token that existed before the value that it binds. So the token is
   * compared first, and only the value that is meant is judged further.
   */
  async #isGone({ register, token }: Binding & { kind: "key" }, limits: Limits): Promise<boolean> {
    let { state, stale } = this.#known(register) ?? await this.#reads.read(register, limits);
    while (state?.present && state.token === token) {
      if (!await this.hasEnded(state, stale, limits)) return false;
      ({ state, stale } = await this.#seal(register, token, limits));
    }
    return true;
  }

  #seal(register: RegisterId, token: number, limits: Limits): Promise<Chosen<void>> {
    return this.#proposals.change(register, sealChange(token), { ...limits, reserve: true });
  }

  #known(register: RegisterId): Chosen<void> | undefined {
    const state = this.#settled.get(register);
    return state && toChosen(state);
  }

  /** Whether `session` is known to have ended; without a quorum it counts as alive. */
  async isFenced(session: SessionId, limits: Limits): Promise<boolean> {
    try {
      return await this.#queries.fence(session, limits);
    } catch (error) {
      if (error instanceof SynodError && error.code === "no_quorum") return false;
      throw error;
    }
  }
}

/** Whether a binding may end although no session has. */
function hasCondition({ kind }: Binding): boolean {
  return kind === "until" || kind === "key";
}

/** A settled state is chosen at every ballot from its own on; the first one serves here. */
function toChosen(state: Present): Chosen<void> {
  const ballot = { counter: state.token, life: "" };
  return { result: undefined, state, token: state.token, ballot, stale: [] };
}
