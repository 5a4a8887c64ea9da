import { type Action, Actions } from "./actions.ts";
import { Violation } from "./past.ts";
import { load, type Machines } from "./paxos.ts";
import type { Scope } from "./scope.ts";
import { Sights } from "./sights.ts";
import type { Sight } from "./sights.ts";
import { StateTable } from "./state_table.ts";
import { Symmetry } from "./symmetry.ts";
import { tell } from "./transcript.ts";
import { World } from "./world.ts";

/** The result of a search. */
export interface Found {
  /** The number of reachable states; symmetric ones count as one. */
  readonly states: number;
  /** The number of possible actions, summed over all states. */
  readonly transitions: number;
  /** The length of a shortest path to the last state, in steps. */
  readonly depth: number;
  /** A violation with a shortest path to it; `null` if there is none. */
  readonly violation: string | null;
  /** The number of transitions that show each hard case; cases that do not occur are left out. */
  readonly sights: ReadonlyMap<Sight, number>;
  readonly world: World;
}

/** Options of {@linkcode explore}. */
export interface ExploreOptions {
  /** Default: the machines that ship. */
  readonly machines?: Machines;
  /** Called at each level with the number of states, and the number of those not visited yet. */
  readonly progress?: (states: number, left: number) => void;
  /** The limit of states: above it the search throws `RangeError`. */
  readonly limit?: number;
}

/**
 * Searches all reachable states, breadth first: so the path to a violation is a shortest one.
 */
export async function explore(scope: Scope, options: ExploreOptions = {}): Promise<Found> {
  const { machines = await load(), progress = () => {}, limit = Infinity } = options;
  const world = new World(scope, machines);
  const actions = new Actions(world);
  const sights = new Sights(world);
  actions.onTallied = (tallied) => sights.seeTallied(tallied);
  const symmetry = new Symmetry(world);
  const table = new StateTable(world.layout.width);
  const row = new Uint32Array(world.layout.width);
  const origins = new Origins();
  let transitions = 0;
  let depth = 0;
  let levelEnd = 1;
  table.add(symmetry.canonical(world.initial()));
  for (let number = 0; number < table.size; number++) {
    if (number === levelEnd) {
      depth++;
      levelEnd = table.size;
      progress(table.size, table.size - number);
      if (table.size > limit) throw new RangeError(`more than ${limit} states`);
    }
    table.read(number, row);
    try {
      actions.forEach(row, (after, action) => {
        transitions++;
        sights.see(row, action);
        const added = table.add(symmetry.canonical(after));
        if (added >= 0) origins.set(added, number);
      });
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      const rows = origins.way(number).map((at) => {
        const row = new Uint32Array(world.layout.width);
        table.read(at, row);
        return row;
      });
      const violation = transcript(world, actions, symmetry, rows);
      const { counts } = sights;
      return { states: table.size, transitions, depth, violation, sights: counts, world };
    }
  }
  const { counts } = sights;
  return { states: table.size, transitions, depth, violation: null, sights: counts, world };
}

/** The state from which each state was found. */
class Origins {
  #origins = new Uint32Array(1 << 16);

  set(number: number, origin: number): void {
    if (number >= this.#origins.length) {
      const origins = new Uint32Array(this.#origins.length * 2);
      origins.set(this.#origins);
      this.#origins = origins;
    }
    this.#origins[number] = origin;
  }

  /** The states on the path to this one, including itself. */
  way(number: number): number[] {
    const way = [number];
    while (number !== 0) way.push(number = this.#origins[number]);
    return way.reverse();
  }
}

/**
 * The path through `rows` as text, with the violation at its end. The rows are canonical; the text describes a
 * run in which no member changes its name on the way.
 */
function transcript(
  world: World,
  actions: Actions,
  symmetry: Symmetry,
  rows: readonly Uint32Array[],
): string {
  const lines: string[] = [];
  let row: Uint32Array = world.initial();
  for (const next of rows.slice(1)) {
    const here = row;
    let found: Uint32Array | undefined;
    const visit = (after: Uint32Array, action: Action) => {
      if (found !== undefined || symmetry.canonical(after).some((n, i) => n !== next[i])) return;
      found = after.slice();
      lines.push(tell(world, here, action));
    };
    actions.forEach(here, visit);
    row = found!;
  }
  try {
    actions.forEach(row, () => {});
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    if (actions.latest !== null) lines.push(tell(world, row, actions.latest));
    lines.push(`VIOLATION: ${error.message}`);
  }
  return lines.map((line, index) => `${index + 1}. ${line}`).join("\n");
}
