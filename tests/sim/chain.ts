import { readConfiguration } from "../../lib/codec.ts";
import { lockOf } from "../../lib/locks/lock_value.ts";
import { type Ballot, compareBallots, type Life } from "../../lib/paxos/ballot.ts";
import { type Configuration, votersOf } from "../../lib/paxos/configuration.ts";
import { majority } from "../../lib/paxos/quorum.ts";
import {
  type Binding,
  isConfiguration,
  type Pid,
  REGISTER_KINDS,
  type RegisterId,
  type SessionId,
  type State,
} from "../../lib/paxos/register.ts";
import { parseSession } from "../../lib/paxos/sessions.ts";
import { keptStateOf } from "../../lib/singletons/state_value.ts";
import { singletonOf } from "../../lib/singletons/singleton_value.ts";
import { mayBeCounted } from "./crash_quorum.ts";
import { configurationFault, type Lists } from "./lists.ts";
import { lockChainFaults } from "./lock_chain.ts";
import { identify, show } from "./notation.ts";
import type { World } from "./world.ts";

/** The proposal with one ballot for one register. */
interface Proposal {
  readonly ballot: Ballot;
  readonly state: State;
  readonly identity: string;
  /** Whether it is that of a fast round: only all members choose it. */
  readonly fast: boolean;
  /** The incarnations that accepted it, and for each the highest incarnations that it knew of when it first did. */
  readonly accepted: Map<Life, ReadonlyMap<string, Life>>;
  /** The configuration under which they did: an attempt is bound to one; `null`: no acceptor has accepted it yet. */
  configuration: Configuration | null;
  chosen: boolean;
  /** Whether a proposer may count it as chosen, also if a vote of it was forgotten since. */
  maybe: boolean;
}

/** A state that a proposer decided on. */
interface Written {
  /** The `over` of that of a fast round is the lowest one that a member has filled in; without a vote, 0. */
  state: State;
  readonly identity: string;
  /** Its place in the order of all decisions and endings. */
  readonly decided: number;
  /** The life of the proposer. */
  readonly writer: Life;
  /** When an owner or binding was first seen to have ended, in the same order; `null`: not yet. */
  ended: number | null;
}

interface Register {
  readonly proposals: Map<string, Proposal>;
  /** By identity: two concurrent decisions may have the same token, until one of them is chosen. */
  readonly written: Map<string, Written>;
  /** The writes of fast rounds, whose states may differ in their `over`. */
  readonly fast: Set<string>;
  /** The highest token among the states that at least one member accepted. */
  newest: number;
  /** The sessions that a lock depended on, and when each was first seen to have ended (`null`: not yet). */
  readonly sessions: Map<SessionId, number | null>;
  /** The grants of a lock by chosen states, as node and token. */
  readonly grants: Set<string>;
}

/**
 * The chosen states of each register: those that a majority accepted, even if no node knows it. They must
 * form one chain: each new state is written over the previous one with a greater token, and replaces a value
 * only if an owner or binding of that value has ended.
 */
export class Chain {
  readonly #world: World;
  readonly #lists: Lists;
  readonly #report: (violation: string) => void;
  readonly #registers = new Map<RegisterId, Register>();
  readonly #steals: boolean;
  #sequence = 0;
  #chosen = 0;

  /** `lists`: the lists of members, which it keeps up to date; `steals`: whether locks may be stolen from their holders. */
  constructor(
    world: World,
    lists: Lists,
    report: (violation: string) => void,
    steals: boolean,
  ) {
    this.#world = world;
    this.#steals = steals;
    this.#lists = lists;
    this.#report = report;
  }

  /** The number of chosen proposals: a state that a new ballot confirms counts again. */
  get chosen(): number {
    return this.#chosen;
  }

  /**
   * A proposer asks the members to accept `state`; the first request, at `time`, is its decision. `fast`: in a fast round,
   * in which each member fills in the `over`.
   */
  proposed(id: RegisterId, ballot: Ballot, state: State, time: number, fast = false): Proposal {
    const register = this.#register(id);
    if (fast) register.fast.add(nameOfWrite(state));
    const identity = identifyIn(register, state);
    const key = show(ballot);
    const known = register.proposals.get(key);
    if (known !== undefined) {
      if (known.identity !== identity) {
        this.#report(`two states of ${id} at ballot ${key}: ${known.identity} and ${identity}`);
      }
      return known;
    }
    const proposal: Proposal = {
      ballot,
      state,
      identity,
      fast,
      accepted: new Map(),
      configuration: null,
      chosen: false,
      maybe: false,
    };
    register.proposals.set(key, proposal);
    if (isConfiguration(id)) this.#lists.proposed(state, time);
    this.#decided(id, register, proposal, time);
    return proposal;
  }

  /** Notes a new state, and the owners and bindings that have ended by now. */
  #decided(id: RegisterId, register: Register, proposal: Proposal, time: number): void {
    const { ballot, state, identity } = proposal;
    if (register.written.has(identity)) return;
    if (state.token !== ballot.counter) {
      this.#report(`${id}: ${identity} was first seen at ballot ${show(ballot)}`);
    }
    for (const written of register.written.values()) this.#noteEnd(id, written, ballot.life, time);
    for (const [session, ended] of register.sessions) {
      if (ended !== null || this.#world.isSessionOpen(session, time)) continue;
      register.sessions.set(session, ++this.#sequence);
    }
    if (isLock(id) && state.present) {
      for (const session of state.owners) {
        if (!register.sessions.has(session)) register.sessions.set(session, null);
      }
    }
    const decided = ++this.#sequence;
    register.written.set(identity, {
      state,
      identity,
      decided,
      writer: ballot.life,
      ended: null,
    });
  }

  /** Whether a majority of the members of its configuration has accepted a proposal; in a fast round, all of them. */
  #isEnough(
    { accepted, configuration, fast }: Proposal,
    counts: (incarnation: string) => boolean = () => true,
  ): boolean {
    if (configuration === null) return false;
    const voters = votersOf(configuration);
    const members = [...accepted.keys()].filter(counts).map((one) => this.#world.memberOf(one));
    const counted = new Set(members.filter((member) => voters.includes(member)));
    return counted.size >= (fast ? voters.length : majority(voters.length));
  }

  /** Whether a proposer may count that: the votes of a crash-consistent quorum, which may be forgotten by now. */
  #mayBeEnough({ accepted, configuration, fast }: Proposal): boolean {
    if (configuration === null) return false;
    const voters = votersOf(configuration);
    const votes = [...accepted].map(([incarnation, crashes]) => {
      return { member: this.#world.memberOf(incarnation), incarnation, crashes };
    });
    return mayBeCounted(
      votes.filter(({ member }) => voters.includes(member)),
      fast ? voters.length : majority(voters.length),
    );
  }

  /**
   * A member accepted `state`, under this configuration, in a fast round or not; `null`: it goes on with what is on its
   * disk, which it has accepted before. `crashes`: the highest incarnation of each node that it knows.
   */
  accepted(
    id: RegisterId,
    ballot: Ballot,
    state: State,
    incarnation: string,
    configuration: Configuration | null,
    crashes: ReadonlyMap<string, Life>,
    fast = false,
  ): void {
    const proposal = this.proposed(id, ballot, state, this.#world.timeOf(incarnation), fast);
    const register = this.#register(id);
    if (fast) noteOver(register, state);
    register.newest = Math.max(register.newest, state.token);
    // A later answer to the same proposal may know of more crashes; the first one was given before these.
    if (!proposal.accepted.has(incarnation)) proposal.accepted.set(incarnation, crashes);
    const { configuration: before } = proposal;
    if (before !== null && configuration !== null && before.epoch !== configuration.epoch) {
      this.#report(
        `${id}: ${show(ballot)} was accepted in epoch ${before.epoch}, and by ` +
          `${incarnation} in epoch ${configuration.epoch}`,
      );
    }
    proposal.configuration ??= configuration;
    // It may have been asked for long ago.
    if (isConfiguration(id)) this.#lists.proposed(state, this.#world.timeOf(incarnation));
    if (isLock(id)) this.#noteGrants(register, proposal);
    if (proposal.chosen) return;
    // Of a vote that its member has forgotten since only those know who have counted the reply.
    if (!this.#isEnough(proposal, (one) => this.#world.remembers(one))) {
      proposal.maybe ||= this.#mayBeEnough(proposal);
      if (proposal.maybe && isConfiguration(id)) this.#lists.took(state, false);
      return;
    }
    proposal.chosen = true;
    this.#chosen++;
    if (isConfiguration(id)) this.#lists.took(state, true);
  }

  /** A proposer that counted a majority may act on it, even if a vote of it was forgotten since. */
  #noteGrants({ grants, written }: Register, proposal: Proposal): void {
    if (!this.#isEnough(proposal)) return;
    const { state } = proposal;
    const note = (state: State) => {
      for (const { pid, token } of lockOf(state).holders) grants.add(`${pid.node}@${token}`);
    };
    note(state);
    if (!state.present) return;
    // The state that it was written over is part of history now, too, even if no majority accepted it.
    for (const replaced of written.values()) {
      if (replaced.state.token === state.over) note(replaced.state);
    }
  }

  /** Whether a chosen state grants the lock to an owner on `node` with `token`. */
  isGranted(id: RegisterId, node: string, token: number): boolean {
    const register = this.#registers.get(id);
    if (register === undefined) return false;
    if (register.grants.has(`${node}@${token}`)) return true;
    return [...register.proposals.values()].some((proposal) => {
      const { holders } = lockOf(proposal.state);
      return holders.some(({ pid, token: of }) => pid.node === node && of === token) &&
        this.#isReadLater(proposal);
    });
  }

  /** Whether the members of a later list, where fewer are enough, have all that a reader needs to see it as chosen. */
  #isReadLater(proposal: Proposal): boolean {
    const { configuration } = proposal;
    if (configuration === null) return false;
    const later = this.#lists.chosen.filter(({ epoch }) => epoch > configuration.epoch);
    return later.some((configuration) => this.#isEnough({ ...proposal, configuration }));
  }

  /**
   * Whether this ballot of a register is that of a fast round which is not chosen, neither under the configuration of its
   * attempt nor under this one, by all of whose members it may be read.
   */
  isUnchosenFast(id: RegisterId, ballot: Ballot, configuration: Configuration | null): boolean {
    const proposal = this.#registers.get(id)?.proposals.get(show(ballot));
    if (proposal === undefined || !proposal.fast || proposal.chosen || proposal.maybe) return false;
    return !this.#isEnough({ ...proposal, configuration });
  }

  /** The registers whose id begins with `prefix`, with the last chosen state of each. */
  *last(prefix: string): Iterable<[RegisterId, State | null]> {
    for (const [id, register] of this.#registers) {
      if (id.startsWith(prefix)) yield [id, chainOf(register).at(-1)?.state ?? null];
    }
  }

  /** Checks that no ended value is left, when there are no faults and every key was read. */
  checkReleased(time: number): void {
    for (const [id, register] of this.#registers) {
      const last = chainOf(register).at(-1);
      const state = last?.state;
      if (last === undefined || !state?.present) continue;
      const isOver = [...register.proposals.values()].some(({ maybe, ballot }) =>
        maybe && compareBallots(ballot, last.ballot) > 0
      );
      if (isOver) continue;
      if (isLock(id)) {
        this.#report(`${id} still holds ${JSON.stringify(lockOf(state))}, though all was released`);
      }
      const ended = state.bindings.find((binding) => this.#mustHaveEnded(binding, time));
      if (ended === undefined) continue;
      this.#report(`${id} still holds ${identify(state)}, though ${JSON.stringify(ended)} ended`);
    }
  }

  /** Checks the chain of every register. */
  finish(): void {
    for (const [id, register] of this.#registers) {
      const chain = chainOf(register);
      for (let i = 1; i < chain.length; i++) this.#checkLink(id, register, chain[i - 1], chain[i]);
      if (isConfiguration(id)) this.#checkConfigurations(register);
      if (isLock(id)) this.#checkLock(id, register, chain);
    }
  }

  /** Checks that each configuration that a proposer wrote may replace the one that it was written over. */
  #checkConfigurations({ written, proposals }: Register): void {
    const chosen = new Set(
      [...proposals.values()].filter((one) => one.chosen || one.maybe).map((one) => one.identity),
    );
    const all = [...written.values()].flatMap(({ state }) => {
      const configuration = readConfiguration(state);
      return configuration === null ? [] : [{ state, configuration }];
    });
    if (all.length < written.size) this.#report("the configuration became none");
    for (const { state, configuration } of all) {
      // Two decisions may have the same token, until one of them is chosen.
      const over = state.present ? state.over : 0;
      const isChosen = chosen.has(identify(state));
      // Its proposer may have met the floor of a member instead: a promise for a state that is chosen later, if ever.
      const isReplaced = ({ token }: State) => isChosen ? token === over : token <= over;
      const replaced = all.filter((one) => isReplaced(one.state));
      const before = replaced.map((one) => one.configuration);
      const isKnown = replaced.some((one) => chosen.has(identify(one.state)));
      if (!isChosen || !isKnown) before.unshift(this.#lists.chosen[0]);
      const faults = before.map((one) => configurationFault(one, configuration));
      if (faults.includes(undefined)) continue;
      const [old, present] = [before[0], configuration].map((one) => JSON.stringify(one));
      this.#report(`the configuration ${old} became ${present}, but ${faults[0]}`);
    }
  }

  /** Checks all steps of a lock. */
  #checkLock(id: RegisterId, { written, sessions }: Register, chain: readonly Proposal[]): void {
    const steps = chain.map(({ ballot, identity }) => {
      const { state, decided } = written.get(identity)!;
      return { state, at: show(ballot), decided };
    });
    const isLeaving = (request: string) => this.#world.isLeaving(request);
    const all = [...written.values()];
    const faults = lockChainFaults(steps, all, sessions, this.#steals, isLeaving);
    for (const fault of faults) this.#report(`${id}: ${fault}`);
  }

  /** Whether a proposal that may have been chosen explains the step from `before` to `after`. */
  #isLinkedByMaybe(id: RegisterId, register: Register, before: Proposal, after: Proposal): boolean {
    const { proposals, written } = register;
    return [...proposals.values()].some((between) =>
      between.maybe && !between.chosen &&
      compareBallots(before.ballot, between.ballot) < 0 &&
      compareBallots(between.ballot, after.ballot) < 0 &&
      between.state.token > before.state.token && after.state.token > between.state.token &&
      this.#whyNotOver(id, register, before, written.get(between.identity)!) === undefined &&
      this.#whyNotOver(id, register, between, written.get(after.identity)!) === undefined
    );
  }

  #checkLink(id: RegisterId, register: Register, before: Proposal, after: Proposal): void {
    if (after.identity === before.identity) return; // the same state again, with a new ballot
    const why = after.state.token <= before.state.token
      ? "its token is not greater"
      : this.#whyNotOver(id, register, before, register.written.get(after.identity)!);
    if (why === undefined || this.#isLinkedByMaybe(id, register, before, after)) return;
    this.#report(
      `${id}: ${after.identity} was chosen at ${show(after.ballot)} after ${before.identity} at ${
        show(before.ballot)
      }, but ${why}`,
    );
  }

  /**
   * The reason why `state` cannot have been written over the chosen state `before`, or `undefined` if it
   * can. There may be other states in between: a proposer builds on the newest state that it finds, which
   * then becomes part of history, even if no majority ever accepted it.
   */
  #whyNotOver(
    id: RegisterId,
    register: Register,
    before: Proposal,
    { state, decided }: Written,
  ): string | undefined {
    // A tombstone does not name the state that it replaced, and a forgotten one leaves a floor.
    const over = state.present ? state.over : before.state.token;
    if (!before.state.present && over >= before.state.token) return undefined;
    if (over < before.state.token || state.token <= before.state.token) {
      return `${identify(state)} leaves it out`;
    }
    let why = `no proposer wrote the @${over} that ${identify(state)} is based on`;
    for (const replaced of register.written.values()) {
      if (replaced.state.token !== over) continue;
      const lasts = replaced.ended === null || replaced.ended > decided;
      if (isLasting(id) && !mayFollow(replaced.state, state)) {
        why = `another instance had opened ${replaced.identity}, or its value is lost`;
      } else if (replaced.state.present && lasts && !changes(id)) {
        why = `nothing had ended ${replaced.identity}`;
      } else if (replaced.identity === before.identity) {
        return undefined;
      } else {
        const further = this.#whyNotOver(id, register, before, replaced);
        if (further === undefined) return undefined;
        why = further;
      }
    }
    return why;
  }

  /** Notes once that an owner or binding of the value has ended: an end is final. */
  #noteEnd(id: RegisterId, written: Written, decider: Life, time: number): void {
    if (written.ended !== null || !written.state.present || isLock(id)) return;
    if (id[0] === SINGLETON) {
      const pid = singletonOf(written.state)?.pid ?? null;
      const ended = pid === null || this.#hasInstanceEnded(pid, decider, time);
      if (ended) written.ended = ++this.#sequence;
    } else if (written.state.bindings.some((binding) => this.#hasEnded(binding, time))) {
      written.ended = ++this.#sequence;
    }
  }

  /** Before an instance has begun, only its own node can know that it never begins. */
  #hasInstanceEnded(pid: Pid, decider: Life, time: number): boolean {
    const { session } = pid;
    if (this.#world.isKnown(pid)) return !this.#world.isProcessOpen(pid, time);
    return !this.#world.isSessionOpen(session, time) || parseSession(session).life === decider;
  }

  #hasEnded(binding: Binding, time: number): boolean {
    switch (binding.kind) {
      case "pid":
        return !this.#world.isProcessOpen(binding.pid, time);
      case "node":
        return !this.#world.isSessionOpen(binding.session, time);
      case "until":
        return this.#world.isPast(binding.time);
      case "key":
        return (this.#registers.get(binding.register)?.newest ?? 0) > binding.token;
    }
  }

  /** As {@linkcode #hasEnded}, and every reader can tell. */
  #mustHaveEnded(binding: Binding, time: number): boolean {
    switch (binding.kind) {
      case "until":
        return this.#world.isPastEverywhere(binding.time);
      case "key": {
        // A state that one member accepted and that was not chosen ends nothing.
        const register = this.#registers.get(binding.register);
        const last = register && chainOf(register).at(-1)?.state;
        return last !== undefined && (!last.present || last.token !== binding.token);
      }
      default:
        return this.#hasEnded(binding, time);
    }
  }

  #register(id: RegisterId): Register {
    let register = this.#registers.get(id);
    if (register === undefined) {
      register = {
        proposals: new Map(),
        written: new Map(),
        fast: new Set(),
        newest: 0,
        sessions: new Map(),
        grants: new Set(),
      };
      this.#registers.set(id, register);
    }
    return register;
  }
}

/** The name of the write of a state, which is the same whatever it was written over. */
function nameOfWrite(state: State): string {
  return state.present ? `${state.op} @${state.token}` : `absent @${state.token}`;
}

/** A state as text with all details, as {@linkcode identify} does; that of a fast round without its `over`. */
function identifyIn({ fast }: Register, state: State): string {
  return identify(state.present && fast.has(nameOfWrite(state)) ? { ...state, over: 0 } : state);
}

/** Notes what a member has filled in as the `over` of the state of a fast round. */
function noteOver(register: Register, state: State): void {
  const written = register.written.get(identifyIn(register, state));
  if (written === undefined || !written.state.present || !state.present) return;
  const { over } = written.state;
  if (over === 0 || state.over < over) written.state = state;
}

/** The prefix of the register ids of singletons. */
const SINGLETON = "s";

/** The prefixes of the register ids of states of instances, and of cells. */
const STATE = "t";
const CELL = "v";

/** Whether the value of a register changes while it lasts. Who may change a state is checked by its writers. */
function changes(id: RegisterId): boolean {
  return isLock(id) || isConfiguration(id) || id[0] === STATE || id[0] === CELL;
}

/** Whether a register is that of a lock: the end of its value depends on its holders and waiters. */
function isLock(id: RegisterId): boolean {
  return id[0] === "l";
}

/** Whether a register has what an instance leaves to the next one. */
function isLasting(id: RegisterId): boolean {
  return id[0] === REGISTER_KINDS.state;
}

/** Whether an instance may write `after` over `before`: it has opened it, or opens it and keeps its value. */
function mayFollow(before: State, after: State): boolean {
  const [kept, next] = [keptStateOf(before), keptStateOf(after)];
  if (kept === null || next === null || kept.token === next.token) return true;
  return kept.token < next.token && String(kept.value) === String(next.value);
}

/** The chosen proposals in the order of their ballots. */
function chainOf(register: Register): Proposal[] {
  return [...register.proposals.values()]
    .filter(({ chosen }) => chosen)
    .sort((a, b) => compareBallots(a.ballot, b.ballot));
}
