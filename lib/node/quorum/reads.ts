import { identity } from "../../paxos/kv_register.ts";
import type { RegisterReply } from "../../paxos/messages.ts";
import type { Chosen } from "../../paxos/change.ts";
import { QuorumRead, type ReadOutcome } from "../../paxos/quorum_read.ts";
import type { RegisterId } from "../../paxos/register.ts";
import { named } from "../../trace_names.ts";
import type { Engine } from "../engine/engine.ts";
import type { Limits } from "../runtime/operation.ts";
import type { Pacing } from "../runtime/pacing.ts";
import { poll } from "./poll.ts";
import type { Proposals } from "./proposals.ts";

/** Only a proposal can tell. */
const UNSURE: ReadOutcome = { sure: false };

/** Reads registers: in one round trip if a quorum agrees, otherwise with a proposal that changes nothing. */
export class Reads {
  readonly #engine: Engine;
  readonly #pacing: Pacing;
  readonly #proposals: Proposals;

  /** Reads in the name of `engine`'s node. */
  constructor(engine: Engine, pacing: Pacing, proposals: Proposals) {
    this.#engine = engine;
    this.#pacing = pacing;
    this.#proposals = proposals;
  }

  /** What is chosen for `register` at some moment after the call; rejects with `no_quorum` at the deadline. */
  async read(register: RegisterId, limits: Limits): Promise<Chosen<void>> {
    const read = await this.#ask(register, limits);
    const { tracing } = this.#engine;
    tracing.emit?.({ type: "read", register: named(register), agreed: read.sure });
    if (read.sure) return read.chosen;
    const options = { ...limits, reserve: true };
    const chosen = await this.#proposals.change(register, identity, options);
    if (!chosen.state?.present || chosen.state.owners.length === 0) return chosen;
    // Only members that all have this state can tell which of its sessions have expired. Some may receive it
    // later than the question: they are asked again, and a member that did not receive it is not waited for.
    const again = await this.#ask(register, limits, chosen);
    return again.sure ? again.chosen : chosen;
  }

  /** `known` is surely chosen. Older states do not count then, and are not waited for long. */
  async #ask(
    register: RegisterId,
    limits: Limits,
    known?: Chosen<unknown>,
  ): Promise<ReadOutcome> {
    return await poll<ReadOutcome>(this.#engine, this.#pacing, limits, (members) => {
      const { settled } = this.#engine.configuration;
      const untold = this.#proposals.untold(register);
      const reader = new QuorumRead(members, known?.ballot, settled, untold);
      return {
        request: { type: "read", register },
        receive: (sender, reply) => {
          const outcome = reader.receive(sender, reply as RegisterReply);
          if (outcome?.sure && outcome.fast) {
            this.#proposals.chosenFast(register, outcome.chosen.ballot);
          }
          const isInVain = reader.waits && !this.#proposals.expects(reader.missing());
          return outcome === undefined && isInVain ? UNSURE : outcome;
        },
        missing: () => reader.missing(),
        waits: () => reader.waits,
        undecided: () => known === undefined && !reader.waits ? undefined : UNSURE,
      };
    });
  }
}
