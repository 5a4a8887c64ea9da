import type { Runtime } from "../../tasks/suites.ts";
import { turn } from "../support/wait.ts";
import { ATTACKS } from "./attacks/all.ts";
import type { Attack } from "./attacks/attack.ts";
import { HonestUsers, type Puts } from "./honest.ts";
import { Attacker, Members } from "./processes.ts";
import { MEMBERS, SETTLED_VALUE, type State, type Times } from "./shared.ts";
import type { Tally } from "./tally.ts";

/** What is wanted of each row: the longest put in milliseconds, and the growth of memory in bytes. */
export const MAX_STALL = 250;
export const MAX_GROWTH = 100 * 2 ** 20;

/** How long members may take to be as before, in milliseconds. */
const PATIENCE = 20_000;

/** What the cluster did during one attack. */
export interface Row {
  readonly attack: Attack;
  readonly puts: Puts;
  /** Of the member that has most, in bytes: before the attack, the peak during it, and once it was over. */
  readonly memory: { readonly before: number; readonly peak: number; readonly after: number };
  readonly answers: Tally;
  /** What did not stay as it was; empty if all is well. Says nothing of stalls and memory. */
  readonly harm: readonly string[];
}

/** Which attacks, and how long each of them lasts in milliseconds. */
export interface Plan {
  readonly time: number;
  readonly wanted: (attack: Attack) => boolean;
  readonly times: Times;
}

const most = (states: readonly State[], of: "now" | "peak") =>
  Math.max(...states.map(({ memory }) => memory[of]));

/**
 * The rows of three members of `runtime`, one attack after the other. The first one is made twice, and its memory judged the
 * second time: under the first load of its life a process grows by 100 to 200 MB, whatever that load is. All but a few MB
 * of it are free after a collection of garbage, but neither V8 nor the allocator gives them back.
 */
export async function* rowsOf(
  runtime: Runtime,
  { time, wanted, times }: Plan,
): AsyncGenerator<Row> {
  const attacker = await Attacker.start();
  try {
    const members = await Members.start(runtime, attacker.addresses, times);
    try {
      const users = await HonestUsers.start(members.addresses, times);
      try {
        const world = { attacker, members, users };
        let first: Row | null = null;
        for (const [index, attack] of ATTACKS.entries()) {
          if (!wanted(attack)) continue;
          first ??= await rowOf(attack, index, time, world, Infinity);
          const row = await rowOf(attack, index, time, world, MAX_GROWTH);
          yield first.attack === attack ? both(first, row) : row;
        }
      } finally {
        await users.close();
      }
    } finally {
      await members.stop();
    }
  } finally {
    await attacker.stop();
  }
}

/** Waits until the memory has grown by at most `growth` bytes, in vain for a while. */
async function rowOf(
  attack: Attack,
  index: number,
  time: number,
  world: { attacker: Attacker; members: Members; users: HonestUsers },
  growth: number,
): Promise<Row> {
  const { attacker, members, users } = world;
  const earlier = await members.states();
  const before = most(earlier, "now");
  const lost = users.lost;
  users.take();
  const order = { attack: index, time, members: members.addresses, genesis: earlier[0].genesis };
  const answers = await attacker.attack(order);
  let states = await members.states();
  const puts = users.take();
  const peak = Math.max(before, most(states, "peak"));
  const begun = performance.now();
  const isAsBefore = () =>
    most(states, "now") <= before + growth &&
    states.every(({ hasQuorum, operational }) => hasQuorum && operational === MEMBERS.length);
  while (!isAsBefore() && performance.now() - begun < PATIENCE) {
    await turn(200);
    states = await members.states();
  }
  const harm = [...harmTo(states, earlier)];
  if (users.lost > lost) harm.push(`honest users lost ${users.lost - lost} sessions`);
  const later = users.take();
  // A put that an attack has held up may end after it.
  const longest = Math.max(puts.longest, later.longest);
  const all: Puts = { ...puts, longest, failed: puts.failed + later.failed };
  return {
    ...{ attack, puts: all, answers, harm },
    memory: { before, peak, after: most(states, "now") },
  };
}

/** The row of an attack that was made twice; its memory is that of the second time. */
function both(first: Row, second: Row): Row {
  const [one, other] = [first.puts, second.puts];
  const puts = {
    done: one.done + other.done,
    failed: one.failed + other.failed,
    longest: Math.max(one.longest, other.longest),
  };
  return { ...second, puts, harm: [...first.harm, ...second.harm] };
}

function* harmTo(states: readonly State[], earlier: readonly State[]): Iterable<string> {
  for (const [index, state] of states.entries()) {
    const id = MEMBERS[index];
    if (!state.hasQuorum) yield `${id} has no quorum`;
    if (state.lost > earlier[index].lost) yield `${id} lost its session`;
    if (state.operational < MEMBERS.length) yield `${id} sees ${state.operational} members`;
    if (state.settled !== SETTLED_VALUE) yield `${id} reads ${state.settled}`;
    if (state.genesis !== earlier[index].genesis) yield `${id} lives under another genesis`;
  }
}

/** What is wrong with a row, as far as the issue wants it; empty: nothing. */
export function faultsOf({ puts, memory, harm }: Row): string[] {
  const faults = [...harm];
  if (puts.failed > 0) faults.push(`${puts.failed} puts failed`);
  if (puts.done === 0) faults.push("no put ended");
  if (puts.longest > MAX_STALL) faults.push(`a put took ${Math.round(puts.longest)} ms`);
  if (memory.after > memory.before + MAX_GROWTH) faults.push("memory was not given back");
  return faults;
}
