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

/** What a search found. */
export interface Found {
  /** How many states can be reached, counting those that are alike by symmetry as one. */
  readonly states: number;
  /** How many things can happen, counted in every state. */
  readonly transitions: number;
  /** How many steps it takes at least to reach the last state. */
  readonly depth: number;
  /** What must never happen, but can, and a shortest way there; `null`: nothing like it can. */
  readonly violation: string | null;
  /** How many transitions show each of the hard cases; those that none shows are left out. */
  readonly sights: ReadonlyMap<Sight, number>;
  readonly world: World;
}

/** How to search. */
export interface ExploreOptions {
  /** The machines that ship, unless others are given. */
  readonly machines?: Machines;
  /** Told now and then how many states there are, and how many of them have not been looked at. */
  readonly progress?: (states: number, left: number) => void;
  /** Throws `RangeError` rather than look at more states than this. */
  readonly limit?: number;
}

/**
 * Goes through all states that can be reached, breadth first: so the way to what must not be is as
 * short as any.
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

/** From which state each state was found. */
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

  /** The states on the way to this one, itself included. */
  way(number: number): number[] {
    const way = [number];
    while (number !== 0) way.push(number = this.#origins[number]);
    return way.reverse();
  }
}

/**
 * Tells the way through `rows`, and what goes wrong at its end. The rows are canonical; told is a run in which
 * nobody changes names on the way.
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
