import type { Random } from "../../testing/random.ts";

/** A fault of one node while a majority of the members works. Times in milliseconds. */
export type Fault =
  & {
    readonly node: string;
    /** Time from the beginning of its phase to the fault, and its duration. */
    readonly after: number;
    readonly duration: number;
  }
  & (
    /** Its process is killed, and restarted with an empty memory after `duration`. */
    | { readonly kind: "kill" }
    /** A second process starts under its id; the older one is killed after `duration`. */
    | { readonly kind: "replace" }
    /** Its process is stopped, for less than a session or for longer. */
    | { readonly kind: "pause" | "long pause" }
    /** All its connections are cut, in one direction or in both. */
    | { readonly kind: "isolate" | "deafen" | "mute"; readonly mend: Mend }
    /** Its connection to one other member is cut, in one direction or in both. */
    | {
      readonly kind: "cut" | "one-way cut";
      readonly other: string;
      readonly mend: Mend;
    }
    /** Everything that it sends and receives is delayed. */
    | { readonly kind: "slow"; readonly delay: number }
    /** Its connections are reset, again and again. */
    | { readonly kind: "reset" }
  );

/** The fate of messages that were sent while a connection was cut: delivered late, or lost. */
export type Mend = "late" | "reset";

/** A fault of all nodes. During it no operation has to succeed, but no guarantee may break. */
export type Blow =
  /** A partition into groups without a majority of the members. */
  | {
    readonly kind: "no majority";
    readonly groups: readonly string[][];
    readonly duration: number;
  }
  /** All members are stopped. */
  | { readonly kind: "stop all"; readonly duration: number }
  /** A majority restarts with empty memory: the state is lost, and the cluster starts again. */
  | { readonly kind: "forget"; readonly nodes: readonly string[]; readonly duration: number };

/** The events until the cluster is whole again. */
export type Phase =
  & { readonly calm: number }
  & (
    | { readonly faults: readonly Fault[]; readonly change?: Change }
    | { readonly blow: Blow }
  );

/** A change of the members, asked for by one node. */
export interface Change {
  readonly caller: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/** The nodes of a run. */
export interface Cast {
  readonly members: readonly string[];
  readonly clients: readonly string[];
  readonly sessionTtl: number;
}

/** All faults of single nodes; `kill` has double weight. */
export const FAULTS = [
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

/** Faults of a client, which affect no other node. */
const CLIENT_FAULTS = ["kill", "long pause", "isolate", "reset"] as const;

const BLOWS = ["no majority", "stop all", "forget"] as const;

/** All kinds of faults. */
export const KINDS: readonly (Fault["kind"] | Blow["kind"])[] = [
  ...new Set([...FAULTS, ...BLOWS]),
];

/**
 * An endless sequence of phases, determined by `random`. At most a minority of the members is impaired
 * at a time, except by blows. Every kind occurs once in the first phases, and then repeatedly in random
 * order.
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
      // A restart of the whole cluster takes long, and a second one tests little more.
      if (kind === "forget" && round % 3 !== 0) continue;
      yield { calm: random.between(0, sessionTtl / 2), blow: drawBlow(cast, random, kind) };
    }
  }
}

/** Draws a fault of `node`. */
export function drawFault(
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
      // Sometimes so soon that answers of the previous life are still in transit.
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

/** Draws a fault of all nodes. */
export function drawBlow(
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

/** A description of one phase. */
export function describePhase(phase: Phase): string {
  if ("blow" in phase) return describeBlow(phase.blow);
  const { change, faults } = phase;
  const changes = change === undefined
    ? []
    : [`${change.caller} changes ${change.from.join(" ")} to ${change.to.join(" ")}`];
  return [...changes, ...faults.map(describeFault)].join("; ");
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
