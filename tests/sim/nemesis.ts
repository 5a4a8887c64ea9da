import { SynodError } from "../../lib/errors.ts";
import { Operations, type Outcome } from "./operations.ts";
import type { Random } from "../../testing/random.ts";
import { MOST_MEMBERS } from "./scenario.ts";
import type { Cluster, Station } from "./simulated_cluster.ts";

/** The probability that a second node changes the list at the same time. */
const TWO_AT_ONCE = 0.3;

/** How an expected error of `changeMembers` counts. */
const OUTCOMES: Readonly<Record<string, Outcome>> = {
  not_ready: "not_ready",
  members_changing: "overtaken",
  no_quorum: "no_quorum",
};

/** Grows and shrinks the list of members, from any node, also two at once; and checks what the nodes tell of it. */
export class Nemesis {
  readonly operations: Operations;
  /** The number of changes that were asked for, and of configurations that were chosen. */
  readonly counts: { change?: number; twoChanges?: number } = {};
  readonly #cluster: Cluster;
  readonly #random: Random;
  readonly #report: (violation: string) => void;
  readonly #stopping = new AbortController();

  constructor(cluster: Cluster, report: (violation: string) => void) {
    this.#cluster = cluster;
    this.#random = cluster.simulation.random.fork("nemesis");
    this.#report = report;
    this.operations = new Operations(cluster, report);
    cluster.onStart((station) => {
      if (!station.isGuest) this.#watch(station);
    });
  }

  /** Begins to change the list, if the scenario says so. */
  start(): void {
    if (this.#cluster.scenario.changes !== null) this.#next();
  }

  /** Ends all that is under way: the members finish it. */
  stop(): void {
    this.#stopping.abort(new Error("the changes end"));
  }

  #next(): void {
    const { scenario, simulation } = this.#cluster;
    simulation.after(this.#random.between(0, scenario.changes!), () => {
      if (this.#stopping.signal.aborted) return;
      this.#change();
      if (this.#random.chance(TWO_AT_ONCE)) this.#change();
      this.#next();
    });
  }

  #change(): void {
    const random = this.#random;
    const { hasFormed, changers, lists, scenario: { sessionTtl } } = this.#cluster;
    const callers = this.#cluster.up.filter((one) => !one.isGuest && !changers.has(one));
    if (!hasFormed || changers.size > 1 || callers.length === 0) return;
    const station = random.pick(callers);
    const list = this.#target();
    const limit = random.chance(0.3) ? random.between(0, 8 * sessionTtl) : undefined;
    const leaves = random.chance(0.2) ? random.between(0, 4 * sessionTtl) : undefined;
    const label = `${station.name} changes the members to ${list.join(" ")}`;
    this.counts.change = (this.counts.change ?? 0) + 1;
    if (changers.size > 0) this.counts.twoChanges = (this.counts.twoChanges ?? 0) + 1;
    const begun = lists.chosen.length;
    changers.add(station);
    station.machine.run(() => {
      const leaving = new AbortController();
      const signal = AbortSignal.any([leaving.signal, this.#stopping.signal]);
      const leave = () => leaving.abort(new Error("changed my mind"));
      const cancel = leaves === undefined ? () => {} : station.machine.setTimer(leave, leaves);
      void this.operations.run(station, "changeMembers", label, async () => {
        await station.node!.changeMembers(list, { timeout: limit, signal });
        const wanted = [...list].sort().join();
        const isThere = lists.chosen.slice(begun - 1).some(({ settled, members }) =>
          settled && members.map(({ id }) => id).sort().join() === wanted
        );
        if (!isThere) this.#report(`${label}, but they never were these`);
        return "ok";
      }, (error) => this.#failure(error, station, signal)).finally(() => {
        cancel();
        changers.delete(station);
      });
    });
  }

  /** A list to change to; usually of nodes that are up. */
  #target(): string[] {
    const random = this.#random;
    const { up, candidates, lists: { members } } = this.#cluster;
    const isUp = (id: string) => up.some((station) => station.id === id);
    const others = candidates.filter((id) => !members.includes(id));
    const usable = random.chance(0.9) ? others.filter(isUp) : others;
    const grow = random.shuffle(usable);
    const stay = random.shuffle(members);
    switch (random.weighted({ grow: 4, shrink: 3, swap: 3, any: 2, same: 0.3 })) {
      case "grow":
        return [...members, ...grow.slice(0, random.integer(1, 2))].slice(0, MOST_MEMBERS);
      case "shrink":
        return stay.slice(0, Math.max(1, stay.length - random.integer(1, 2)));
      case "swap":
        return [...stay.slice(1), ...grow.slice(0, 1)].slice(0, MOST_MEMBERS).concat(
          stay.length === 1 && grow.length === 0 ? stay : [],
        );
      case "any": {
        const all = random.shuffle([...members, ...grow]);
        return all.slice(0, random.integer(1, MOST_MEMBERS));
      }
      default:
        return stay;
    }
  }

  #failure(error: unknown, station: Station, signal: AbortSignal): Outcome | undefined {
    if (signal.aborted && error === signal.reason) return "aborted";
    if (error instanceof DOMException && error.name === "TimeoutError") return "timeout";
    if (!(error instanceof SynodError)) return undefined;
    if (station.closing && (error.code === "closed" || error.code === "replaced")) return "ended";
    return OUTCOMES[error.code];
  }

  /** What a node tells of the list is what was chosen, and never goes back. */
  #watch(station: Station): void {
    const { lists } = this.#cluster;
    const { id, name } = station;
    const node = station.node!;
    let last = -1;
    node.addEventListener("members", ({ detail: { members, epoch } }) => {
      this.#cluster.simulation.note(`${name}: epoch ${epoch} has the members ${members.join(" ")}`);
      if (epoch <= last) this.#report(`${name} goes back from epoch ${last} to ${epoch}`);
      last = epoch;
      if (!lists.isKnown(epoch, members)) {
        this.#report(`${name} knows the members ${members} of epoch ${epoch}, which has others`);
      }
    });
    node.addEventListener("removed", () => {
      this.#cluster.simulation.note(`${name}: removed`);
      if (node.members.includes(id)) this.#report(`${name} is removed, and a member`);
      // No process is told that it was replaced any more: an operator ends the older one after a while.
      this.#cluster.endOlder(id);
    });
  }
}
