import { readConfiguration } from "../../lib/codec.ts";
import {
  type Configuration,
  firstConfiguration,
  isNewer,
  listsIn,
  sameConfiguration,
  votersOf,
} from "../../lib/paxos/configuration.ts";
import type { State } from "../../lib/paxos/register.ts";

/**
 * The lists of members of a run, seen from outside: those that were chosen, and those that may be chosen at any moment,
 * since a proposer has asked for it.
 */
export class Lists {
  readonly #chosen: Configuration[];
  #proposed: { readonly configuration: Configuration; readonly at: number }[] = [];
  /** The newest one that a member follows. */
  #known: Configuration;
  /** Those that a proposer may count as chosen, also if a vote for one was forgotten since. */
  readonly #maybe: Configuration[] = [];

  /** The first list is that of the genesis. */
  constructor(members: readonly string[]) {
    this.#chosen = [firstConfiguration(members, [])];
    this.#known = this.#chosen[0];
  }

  /** All configurations that were chosen, oldest first. */
  get chosen(): readonly Configuration[] {
    return this.#chosen;
  }

  /** The newest configuration that was chosen. */
  get latest(): Configuration {
    return this.#chosen[this.#chosen.length - 1];
  }

  /** The members of that. */
  get members(): readonly string[] {
    return votersOf(this.latest);
  }

  /** The members of the newest configuration that nodes know: what an operator sees. */
  get known(): readonly string[] {
    return votersOf(this.#known);
  }

  /** Whether another configuration is about to be chosen, or older ones may still be in use. */
  get areChanging(): boolean {
    return !this.latest.settled || this.#proposed.length > 0;
  }

  /** The lists that may be in use now or in a moment: of each, enough members have to be there. */
  get possible(): (readonly string[])[] {
    const proposed = this.#proposed.map(({ configuration }) => configuration);
    return [this.latest, ...proposed].flatMap((configuration) => {
      const lists = listsIn(configuration);
      const { joining } = configuration;
      return joining === null ? lists : [...lists, [...votersOf(configuration), joining.id]];
    });
  }

  /**
   * A list that may be in use now or in a moment and names `id`, the newest that was chosen first; `undefined`: none. It has
   * the order in which it was chosen or given, which members compare while they know of no change.
   */
  naming(id: string): readonly string[] | undefined {
    const named = this.possible.find((list) => list.includes(id));
    if (named === undefined) return undefined;
    const sorted = [...named].sort().join();
    return this.#chosen.map(votersOf).findLast((list) => [...list].sort().join() === sorted) ??
      named;
  }

  /** Whether a configuration of `epoch` that was chosen, or may be, has these members. */
  isKnown(epoch: number, members: readonly string[]): boolean {
    return [...this.#chosen, ...this.#maybe].some((one) =>
      one.epoch === epoch && votersOf(one).join() === members.join()
    );
  }

  /** A member follows a configuration; returns whether it may: whether that was chosen. */
  follows(configuration: Configuration): boolean {
    if (isNewer(configuration, this.#known)) this.#known = configuration;
    const isThis = (one: Configuration) => sameConfiguration(one, configuration);
    if (configuration.epoch === 0 || this.#chosen.some(isThis)) return true;
    if (!this.#maybe.some(isThis)) return false;
    this.#take(configuration);
    return true;
  }

  /** A proposer has asked for this state of the configuration register at `time`. */
  proposed(state: State, time: number): void {
    const configuration = readConfiguration(state);
    if (configuration !== null) this.#proposed.push({ configuration, at: time });
    this.#tidy();
  }

  /** Forgets what was asked for before `time` and is held by no node: it was lost. */
  forget(time: number, isHeld: (configuration: Configuration) => boolean): void {
    if (this.#proposed.length === 0) return;
    this.#proposed = this.#proposed.filter(({ configuration, at }) =>
      at >= time || isHeld(configuration)
    );
  }

  /** This state of the configuration register is chosen; `isSure`: all of its votes are remembered. */
  took(state: State, isSure: boolean): void {
    const configuration = readConfiguration(state);
    if (configuration === null) return;
    if (isSure) this.#take(configuration);
    else this.#maybe.push(configuration);
  }

  #take(configuration: Configuration): void {
    if (!isNewer(configuration, this.latest)) return;
    this.#chosen.push(configuration);
    this.#tidy();
  }

  #tidy(): void {
    this.#proposed = this.#proposed.filter(({ configuration }) =>
      isNewer(configuration, this.latest)
    );
  }
}

/** What is wrong with a configuration that replaces another one (section 11); `undefined`: nothing. */
export function configurationFault(
  before: Configuration,
  after: Configuration,
): string | undefined {
  const [old, present] = [votersOf(before), votersOf(after)];
  const isSame = old.join() === present.join();
  const isNext = after.epoch === before.epoch + 1;
  if (before.settled) {
    if (!isNext || after.settled) {
      return "a settled one is replaced by an unsettled one of the next epoch";
    }
    if (after.joining !== null) {
      const isNew = isSame && after.leaving === null && !old.includes(after.joining.id);
      return isNew ? undefined : "a node joins that is no member, and nothing else changes";
    }
    const { leaving } = after;
    const left = old.filter((id) => id !== leaving?.id);
    const isOne = left.length === old.length - 1 && left.length > 0 &&
      left.join() === present.join();
    return isOne ? undefined : "one of several members is removed";
  }
  if (before.joining !== null) {
    if (!isNext || after.joining !== null || after.leaving !== null) {
      return "a node that joins is admitted or given up in the next epoch";
    }
    if (isSame) return after.settled ? undefined : "what was given up has changed nothing";
    const last = after.members[after.members.length - 1];
    const isAdmitted = present.join() === [...old, before.joining.id].join() && !after.settled &&
      last.life === before.joining.life && last.since === after.epoch;
    return isAdmitted ? undefined : "the node that joins is admitted in the life that was named";
  }
  const isSettled = after.settled && after.epoch === before.epoch && isSame &&
    after.leaving === null && after.joining === null;
  return isSettled ? undefined : "an unsettled one is only settled";
}
