import type { Random } from "../sim/random.ts";

/** What is done to one node while a majority of the members goes on. Times in milliseconds. */
export type Fault =
  & {
    readonly node: string;
    /** How long after the beginning of its phase it begins, and how long it lasts. */
    readonly after: number;
    readonly duration: number;
  }
  & (
    /** Its process is killed, and started again with an empty memory after `duration`. */
    | { readonly kind: "kill" }
    /** Another process starts under its id; the older one is killed when `duration` has passed, too. */
    | { readonly kind: "replace" }
    /** Its process is stopped: for less than a session lasts, or for longer. */
    | { readonly kind: "pause" | "long pause" }
    /** It is cut off: hears nobody, is heard by nobody, or both. */
    | { readonly kind: "isolate" | "deafen" | "mute"; readonly mend: Mend }
    /** It is cut off from one other member: one of the two is deaf to the other, or both are. */
    | {
      readonly kind: "cut" | "one-way cut";
      readonly other: string;
      readonly mend: Mend;
    }
    /** All that it says and hears comes late. */
    | { readonly kind: "slow"; readonly delay: number }
    /** Its connections end, again and again. */
    | { readonly kind: "reset" }
  );

/** What happens to what was said while a connection was cut: it arrives late, or never. */
export type Mend = "late" | "reset";

/** What is done to all, for a time in which nothing needs to work, but nothing may go wrong. */
export type Blow =
  /** No group has a majority of the members. */
  | {
    readonly kind: "no majority";
    readonly groups: readonly string[][];
    readonly duration: number;
  }
  /** All members are stopped. */
  | { readonly kind: "stop all"; readonly duration: number }
  /** A majority loses its memory: what was agreed on is lost, and the cluster begins anew. */
  | { readonly kind: "forget"; readonly nodes: readonly string[]; readonly duration: number };

/** What happens until the cluster is whole again. */
export type Phase =
  & { readonly calm: number }
  & ({ readonly faults: readonly Fault[] } | { readonly blow: Blow });

/** Who there is. */
export interface Cast {
  readonly members: readonly string[];
  readonly clients: readonly string[];
  readonly sessionTtl: number;
}

/** All that is done to single nodes; killing is worth doing twice. */
const FAULTS = [
  "kill",
  "kill",
  "replace",
  "pause",
  "long pause",
  "isolate",
  "deafen",
  "mute",
  "cut",
  "one-way cut",
  "slow",
  "reset",
] as const;

/** What is done to a client: it does not matter to anybody else. */
const CLIENT_FAULTS = ["kill", "long pause", "isolate", "reset"] as const;

const BLOWS = ["no majority", "stop all", "forget"] as const;

/** The kinds of faults that there are. */
export const KINDS: readonly (Fault["kind"] | Blow["kind"])[] = [
  ...new Set([...FAULTS, ...BLOWS]),
];

/**
 * What happens, phase by phase, for ever: the same for the same `random`. At most a minority of the
 * members is impaired at a time, except by blows. Every kind comes once in the first phases, and again and
 * again in any order after that.
 */
export function* drawPhases(cast: Cast, random: Random): Generator<Phase> {
  const { members, clients, sessionTtl } = cast;
  const minority = Math.floor((members.length - 1) / 2);
  for (let round = 0;; round++) {
    const kinds = random.shuffle(FAULTS);
    while (kinds.length > 0) {
      const nodes = random.shuffle(members);
      const width = round === 0 ? minority : random.integer(1, minority);
      const faults = kinds.splice(0, width)
        .map((kind, index) => drawFault(cast, random, kind, nodes[index]));
      if (clients.length > 0 && random.chance(0.3)) {
        faults.push(drawFault(cast, random, random.pick(CLIENT_FAULTS), random.pick(clients)));
      }
      yield { calm: random.between(0, sessionTtl / 2), faults };
    }
    for (const kind of random.shuffle(BLOWS)) {
      // A new beginning takes long, and there is little new about the second one.
      if (kind === "forget" && round % 3 !== 0) continue;
      yield { calm: random.between(0, sessionTtl / 2), blow: drawBlow(cast, random, kind) };
    }
  }
}

function drawFault(
  { members, sessionTtl }: Cast,
  random: Random,
  kind: Fault["kind"],
  node: string,
): Fault {
  const after = random.between(0, sessionTtl / 2);
  const long = random.between(1.2, 2.5) * sessionTtl;
  const some = random.between(0.1, 2) * sessionTtl;
  const mend: Mend = random.chance(0.5) ? "late" : "reset";
  switch (kind) {
    case "kill":
      // Sometimes so soon that answers of the last life are still on their way.
      return { kind, node, after, duration: random.chance(0.3) ? 0 : some };
    case "pause":
      return { kind, node, after, duration: random.between(0.05, 0.7) * sessionTtl };
    case "long pause":
      return { kind, node, after, duration: long };
    case "isolate":
    case "deafen":
    case "mute":
      return { kind, node, after, duration: random.chance(0.5) ? some : long, mend };
    case "cut":
    case "one-way cut": {
      const other = random.pick(members.filter((id) => id !== node));
      return { kind, node, after, other, duration: long, mend };
    }
    case "slow":
      return { kind, node, after, duration: long, delay: random.between(5, sessionTtl / 5) };
    case "replace":
    case "reset":
      return { kind, node, after, duration: some };
  }
}

function drawBlow(
  { members, clients, sessionTtl }: Cast,
  random: Random,
  kind: Blow["kind"],
): Blow {
  const duration = random.between(0.5, 2.5) * sessionTtl;
  const nodes = random.shuffle(members);
  const majority = Math.floor(members.length / 2) + 1;
  switch (kind) {
    case "no majority": {
      const groups: string[][] = [];
      while (nodes.length > 0) groups.push(nodes.splice(0, random.integer(1, majority - 1)));
      for (const client of clients) random.pick(groups).push(client);
      return { kind, groups, duration };
    }
    case "stop all":
      return { kind, duration };
    case "forget":
      return { kind, nodes: nodes.slice(0, random.integer(majority, members.length)), duration };
  }
}

/** One phase in words. */
export function describePhase(phase: Phase): string {
  return "blow" in phase ? describeBlow(phase.blow) : phase.faults.map(describeFault).join("; ");
}

function describeFault(fault: Fault): string {
  const { kind, node, after, duration } = fault;
  const time = `for ${duration.toFixed(0)} ms, after ${after.toFixed(0)} ms`;
  switch (kind) {
    case "cut":
    case "one-way cut":
      return `${kind} from ${node} to ${fault.other} ${time}, mended ${fault.mend}`;
    case "isolate":
    case "deafen":
    case "mute":
      return `${kind} ${node} ${time}, mended ${fault.mend}`;
    case "slow":
      return `${kind} ${node} by ${fault.delay.toFixed(0)} ms ${time}`;
    default:
      return `${kind} ${node} ${time}`;
  }
}

function describeBlow(blow: Blow): string {
  const time = `for ${blow.duration.toFixed(0)} ms`;
  switch (blow.kind) {
    case "no majority":
      return `${blow.kind} ${time}: ${blow.groups.map((group) => group.join(" ")).join(" | ")}`;
    case "stop all":
      return `${blow.kind} ${time}`;
    case "forget":
      return `${blow.kind}: ${blow.nodes.join(" ")} ${time}`;
  }
}
