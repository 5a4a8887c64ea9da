import type { Random } from "../../testing/random.ts";
import { type Cast, drawBlow, drawFault, type Fault, FAULTS, type Phase } from "./plan.ts";

/** The shortest list of which one member may be impaired while the others work. */
const SHORTEST = 3;

/** Phases between two changes at most. */
const MOST_BETWEEN = 2;

/** The probability that a phase between two changes hits all nodes. */
const BLOWS = 0.2;

/**
 * An endless sequence of phases in which the members change, determined by `random`. All of `members` may be members at
 * times; the first of them is the only one at the beginning. It grows to three, then to all; then only the last two are
 * left; after that the lists are random. Where no list on the way is shorter than three, one node that stays a member has
 * a fault meanwhile. Between two changes the members have the usual faults, but none that makes a majority forget: the
 * cluster would start again with the lists that its nodes were given at different times.
 */
export function* drawChanges(cast: Cast, random: Random): Generator<Phase> {
  const { members: all, clients, sessionTtl } = cast;
  const calm = () => random.between(0, sessionTtl / 2);
  let list: readonly string[] = all.slice(0, 1);
  const first = [all.slice(0, 3), all, all.slice(-2), all];
  for (;;) {
    const from = list;
    const to = first.shift() ?? drawList(all, from, random);
    const staying = from.filter((id) => to.includes(id));
    const mayFail = Math.min(from.length, to.length, staying.length) >= SHORTEST;
    const faults = mayFail ? [drawOne({ ...cast, members: staying }, random)] : [];
    const hit = faults.flatMap((fault) =>
      "other" in fault ? [fault.node, fault.other] : fault.node
    );
    const caller = random.pick([...all, ...clients].filter((id) => !hit.includes(id)));
    yield { calm: calm(), change: { caller, from, to }, faults };
    list = to;
    if (list.length < SHORTEST) continue;
    for (let left = random.integer(0, MOST_BETWEEN); left > 0; left--) {
      const present = { ...cast, members: list };
      if (random.chance(BLOWS)) {
        const kind = random.pick(["no majority", "stop all"] as const);
        yield { calm: calm(), blow: drawBlow(withClients(present, all), random, kind) };
      } else yield { calm: calm(), faults: drawFaults(present, random) };
    }
  }
}

/** Another list, of one to all nodes. */
function drawList(
  all: readonly string[],
  present: readonly string[],
  random: Random,
): readonly string[] {
  for (;;) {
    const list = random.shuffle(all).slice(0, random.integer(1, all.length));
    if (list.length !== present.length || list.some((id) => !present.includes(id))) return list;
  }
}

/** Faults of different members, of fewer than half of them. */
function drawFaults(cast: Cast, random: Random): Fault[] {
  const minority = Math.floor((cast.members.length - 1) / 2);
  const nodes = random.shuffle(cast.members).slice(0, random.integer(1, minority));
  const kinds = random.shuffle([...new Set(FAULTS)]);
  return nodes.map((node, index) => drawFault(cast, random, kinds[index], node));
}

/** A fault of one member while the list changes. A second process of it is left out: it runs beside the first for a while. */
function drawOne(cast: Cast, random: Random): Fault {
  const kinds = FAULTS.filter((kind) => kind !== "replace");
  return drawFault(cast, random, random.pick(kinds), random.pick(cast.members));
}

/** The nodes that are no members are clients. */
function withClients(cast: Cast, all: readonly string[]): Cast {
  const others = all.filter((id) => !cast.members.includes(id));
  return { ...cast, clients: [...cast.clients, ...others] };
}
