import { readConfiguration } from "../../codec.ts";
import { type Configuration, sameConfiguration, settledOf } from "../../paxos/configuration.ts";
import type { Outgoing } from "../../paxos/genesis.ts";
import { GivingUp } from "../../paxos/giving_up.ts";
import type { Header, Reply } from "../../paxos/messages.ts";
import { hasSettled } from "../../paxos/recovery.ts";
import type { Engine } from "../engine/engine.ts";
import { GivingUpCounts } from "./giving_up_counts.ts";
import type { MemberDisk } from "./member_disk.ts";
import { LONGEST_WAIT } from "./question_waits.ts";

/** What it works with. */
export interface GivingUpWatchParts {
  readonly engine: Engine;
  /** Whether the node has a quorum at this instant. */
  readonly hasQuorum: () => boolean;
  readonly send: (ask: readonly Outgoing[]) => void;
  /** The storage of the member; `null`: it has none. */
  readonly disk: () => MemberDisk | null;
  /** Called once a second while the node votes. */
  readonly voting: () => void;
}

/** While a member has no quorum, asks from time to time whether there can ever be one again (section 7). */
export class GivingUpWatch {
  readonly #parts: GivingUpWatchParts;
  readonly #counts: GivingUpCounts = new GivingUpCounts(() => this.#newCount());
  /** Whether a later process under this node's id has been heard. */
  #isSucceeded = false;
  #isStopped = false;
  #cancelTimer: () => void = () => {};

  /** Asks nothing before `start`. */
  constructor(parts: GivingUpWatchParts) {
    this.#parts = parts;
  }

  /** Begins to look once a second. */
  start(): void {
    this.#look();
  }

  /** Looks no more. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer();
  }

  /** Forgets what was counted: the node has another configuration, or a quorum. */
  clear(): void {
    this.#counts.clear();
  }

  /** A later process runs under this node's id. */
  succeeded(): void {
    if (this.#isSucceeded) return;
    this.#isSucceeded = true;
    if (this.#parts.engine.settings.afterMajorityLoss === "wait") this.#look();
  }

  /** Whether `id` is the number of a question that may be answered. */
  asks(id: number): boolean {
    return this.#counts.asks(id);
  }

  /** Takes an answer; returns the count that shows a total loss, if there is one. */
  receive(from: string, header: Header, reply: Reply): GivingUp | undefined {
    const { ask, lost } = this.#counts.receive(from, header, reply);
    this.#parts.send(ask);
    if (lost === undefined || sameConfiguration(lost.configuration, this.#counted)) return lost;
    // It has accepted since that the list is settled: that of before is no reason to give up any more.
    this.#counts.clear();
    return undefined;
  }

  #look(): void {
    if (this.#isStopped) return;
    const { engine, hasQuorum, send, voting, disk } = this.#parts;
    const { runtime, settings, record, voter, self } = engine;
    const wait = LONGEST_WAIT * (0.75 + 0.5 * runtime.random());
    this.#cancelTimer();
    this.#cancelTimer = runtime.setTimer(() => this.#look(), wait);
    if (voter !== null) voting();
    // With `wait`, this process ends only if a later process takes its place.
    if (settings.afterMajorityLoss === "wait" && !this.#isSucceeded) return;
    // The next genesis is made by the lists that the members were given.
    const founds = settings.members.includes(self);
    // What a node that leaves keeps on its disk is of use to members that remember, and keeps others from a genesis.
    const keeps = disk()?.isUndecided === true || disk()?.leaving != null;
    const remembers = (voter !== null && record !== null) || keeps;
    if (!remembers || hasQuorum() || !founds) this.#counts.clear();
    else send(this.#counts.questions());
  }

  /** The configuration by which is counted. */
  get #counted(): Configuration {
    const { engine, disk } = this.#parts;
    const known = disk()?.memory?.configuration ?? engine.configuration;
    // The list before counts no more.
    return hasSettled(engine.voter, known, readConfiguration) ? settledOf(known) : known;
  }

  #newCount(): GivingUp {
    const { self, settings, pendingReplies, life, record } = this.#parts.engine;
    const { members } = settings;
    const disk = this.#parts.disk();
    const remembered = disk?.memory?.record ?? disk?.leaving?.record ?? record;
    return new GivingUp({
      self,
      members,
      configuration: this.#counted,
      life,
      genesis: remembered!.id,
      isUndecided: () => this.#parts.disk()?.isUndecided === true,
      nextId: () => pendingReplies.next(),
    });
  }
}
