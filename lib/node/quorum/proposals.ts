import type { Ballot } from "../../paxos/ballot.ts";
import type { Chosen, RegisterChange } from "../../paxos/change.ts";
import type { Learned } from "../../paxos/learner.ts";
import type { RegisterId } from "../../paxos/register.ts";
import type { Engine } from "../engine/engine.ts";
import type { Pacing } from "../runtime/pacing.ts";
import { PassingMap } from "../runtime/passing_map.ts";
import type { ChangeOptions } from "./change_options.ts";
import { ChosenHints } from "./chosen_hints.ts";
import { FastRounds } from "./fast_rounds.ts";
import { KeptPromises } from "./kept_promises.ts";
import { RegisterProposals } from "./register_proposals.ts";
import type { ProposalEvents } from "./proposal_events.ts";
import type { Released } from "./released.ts";
import type { WaitingChange } from "./waiting_change.ts";

/**
 * Proposes changes. A register has at most one running proposer in this node. Changes that arrive meanwhile
 * wait, and are proposed together in the next round.
 */
export class Proposals {
  readonly #engine: Engine;
  readonly #pacing: Pacing;
  readonly #registers = new PassingMap<RegisterId, RegisterProposals>();
  readonly #kept = new KeptPromises();
  readonly #fast: { readonly rounds: FastRounds; readonly hints: ChosenHints };
  /** The changes that are proposed together, while they are made. */
  #gathered: { readonly register: RegisterId; readonly changes: WaitingChange[] } | undefined;
  readonly #events: ProposalEvents = {
    idle: (register) => void this.#registers.delete(register),
    released: () => {},
  };

  /** Proposes in the name of `engine`'s node. */
  constructor(engine: Engine, pacing: Pacing) {
    this.#engine = engine;
    this.#pacing = pacing;
    const rounds = new FastRounds(engine, pacing, () => this.#registers.size);
    this.#fast = { rounds, hints: new ChosenHints(engine) };
    // First of all: what begins again must not use a promise of the members before.
    engine.attempts.bind(() => this.#kept.clear());
  }

  /** Sets `released`, which is called with each chosen tombstone. */
  onReleased(released: Released): void {
    this.#events.released = released;
  }

  /** A state was chosen for `register` at `ballot`, or a member has promised that to another node. */
  outdated(register: RegisterId, ballot: Ballot): void {
    this.#kept.outdated(register, ballot);
  }

  /** Takes the promises that other nodes hand on to this one, until the function that this returns is called. */
  inherit(register: RegisterId): () => void {
    return this.#kept.inherit(register, this.#engine.clock);
  }

  /** A state was chosen for `register`, by any proposer. */
  learned(register: RegisterId, learned: Learned): void {
    this.#kept.learned(register, learned, this.#engine.life);
  }

  /** Proposes all changes of `register` that `make` makes in one round, as far as they fit. */
  together<T>(register: RegisterId, make: () => T): T {
    const changes: WaitingChange[] = [];
    this.#gathered = { register, changes };
    let made: T;
    try {
      made = make();
    } finally {
      this.#gathered = undefined;
    }
    if (changes.length > 0) this.#proposalsOf(register).add(changes);
    return made;
  }

  /** Forgets every kept promise: the cluster that gave them is gone. */
  restart(): void {
    this.#kept.clear();
    this.#fast.hints.clear();
  }

  /** A fast round is known to have chosen this ballot: the members are told so later. */
  chosenFast(register: RegisterId, ballot: Ballot): void {
    this.#fast.hints.add(register, ballot);
  }

  /** The ballot of a fast round that was chosen, if this node is still to tell the members. */
  untold(register: RegisterId): Ballot | undefined {
    return this.#fast.hints.of(register);
  }

  /** Whether answers of all these members are likely to come soon. */
  expects(members: readonly string[]): boolean {
    return this.#fast.rounds.expects(members);
  }

  /** A frame of a member has arrived. */
  heard(member: string): void {
    this.#fast.rounds.heard(member);
  }

  /** The node closes: tells the members what they are still to be told. */
  stop(): void {
    this.#fast.hints.stop();
    this.#fast.rounds.stop();
  }

  /** Applies `change` to `register`; rejects with `no_quorum` at the deadline. */
  change<R>(
    register: RegisterId,
    change: RegisterChange<R>,
    options: ChangeOptions,
  ): Promise<Chosen<R>> {
    // Not before its deadline, so it is there by then.
    const late = () => proposals.late(waiting);
    const operation = this.#engine.operation<Chosen<unknown>>(options, late);
    const promise = operation.promise as Promise<Chosen<R>>;
    if (operation.ended) return promise;
    const proposals = this.#proposalsOf(register);
    const waiting: WaitingChange = {
      change: change as RegisterChange<unknown>,
      operation,
      options,
      wrote: false,
    };
    if (this.#gathered?.register === register) this.#gathered.changes.push(waiting);
    else proposals.add([waiting]);
    return promise;
  }

  /** Whether a change that joins would be part of the next state that this node proposes for `register`. */
  canJoin(register: RegisterId): boolean {
    return this.#registers.get(register)?.canJoin ?? true;
  }

  #proposalsOf(register: RegisterId): RegisterProposals {
    let proposals = this.#registers.get(register);
    if (proposals === undefined) {
      proposals = new RegisterProposals(
        register,
        this.#engine,
        this.#pacing,
        this.#kept,
        this.#fast,
        this.#events,
      );
      this.#registers.set(register, proposals);
    }
    return proposals;
  }
}
