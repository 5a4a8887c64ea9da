import { identity } from "../paxos/kv_register.ts";
import type { RegisterReply } from "../paxos/messages.ts";
import type { Chosen } from "../paxos/proposer.ts";
import { Reader } from "../paxos/reader.ts";
import type { RegisterId } from "../paxos/register.ts";
import type { Engine } from "./engine.ts";
import type { Limits } from "./operation.ts";
import type { Pacing } from "./pacing.ts";
import { poll } from "./poll.ts";
import type { Proposals } from "./proposals.ts";

/** Reads registers: in one round trip if a quorum agrees, else by proposing that nothing changes. */
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

  /** What is chosen for `register`, at some moment after the call; `no_quorum` at the deadline. */
  async read(register: RegisterId, limits: Limits): Promise<Chosen<void>> {
    const reader = new Reader(this.#engine.members);
    const outcome = await poll(this.#engine, this.#pacing, {
      ...limits,
      question: { type: "read", register },
      receive: (sender, reply) => reader.receive(sender, reply as RegisterReply),
      missing: () => reader.missing(),
    });
    if (outcome.sure) return outcome.chosen;
    return await this.#proposals.change(register, identity, limits);
  }
}
