import type { RegisterId } from "../../paxos/register.ts";
import type { Proposer, Step } from "../../paxos/proposer.ts";
import { named } from "../../trace_names.ts";
import type { TraceRegister } from "../../trace.ts";
import type { Engine } from "../engine/engine.ts";

/** Reports what becomes of the changes of one register; made only while there is a listener. */
export class ProposalTrace {
  readonly #engine: Engine;
  /** Decoded once for all events of its proposals. */
  readonly #register: TraceRegister;
  #began: number;
  #roundTrips = 0;

  /** Counts from now on. */
  private constructor(engine: Engine, register: RegisterId) {
    this.#engine = engine;
    this.#register = named(register);
    this.#began = engine.runtime.now();
  }

  /** `undefined`: there is no listener. */
  static of(engine: Engine, register: RegisterId): ProposalTrace | undefined {
    return engine.tracing.emit === undefined ? undefined : new ProposalTrace(engine, register);
  }

  /** What the proposer of `changes` changes does next. */
  step(
    step: Step<unknown>,
    { ballot, request }: Pick<Proposer<unknown>, "ballot" | "request">,
    changes: number,
  ): void {
    const { tracing: { emit } } = this.#engine;
    if (emit === undefined) return;
    const register = this.#register;
    switch (step.do) {
      case "send": {
        this.#roundTrips++;
        const { request } = step;
        if (request.type === "accept") {
          const { state: { present } } = request;
          return emit({ type: "proposal.accept", register, ballot, present });
        }
        if (request.type === "fast") {
          return emit({ type: "proposal.fast", register, ballot: request.ballot });
        }
        return emit({ type: "proposal.prepare", register, ballot });
      }
      case "retry":
        return emit({ type: "proposal.refused", register, ballot });
      case "restart":
        return emit({ type: "proposal.restarted", register, ballot });
      case "full":
        return emit({ type: "proposal.full", register, missing: [...step.missing] });
      case "done": {
        const { ballot: at, token } = step.chosen;
        const isFast = request?.type === "fast";
        const written = isFast || at === ballot;
        const { roundTrips, duration } = this.#took();
        const type = "proposal.chosen";
        const of = isFast ? at : ballot;
        emit({ type, register, ballot: of, token, written, changes, roundTrips, duration });
      }
    }
  }

  /** Nothing waits for the changes any more. */
  abandoned(): void {
    const register = this.#register;
    this.#engine.tracing.emit?.({ type: "proposal.abandoned", register, ...this.#took() });
  }

  /** What the changes so far have taken; the next ones begin now. */
  #took(): { roundTrips: number; duration: number } {
    const now = this.#engine.runtime.now();
    const took = { roundTrips: this.#roundTrips, duration: now - this.#began };
    this.#roundTrips = 0;
    this.#began = now;
    return took;
  }
}
