import { type ClusterNode, type Lock, SynodError } from "../../mod.ts";

/** The members of the cluster that is reloaded. */
export const MEMBERS: readonly string[] = ["a", "b", "c"];

/** What a reload runs on. */
export interface Stage {
  /** Starts a process under that id. */
  join(id: string): Promise<ClusterNode>;
  /** Lets `duration` milliseconds pass. */
  pass(duration: number): Promise<void>;
  /** Waits for `promise`. */
  until<T>(promise: Promise<T>): Promise<T>;
  /** Milliseconds on a monotonic clock. */
  now(): number;
}

/** What happens in a reload. */
export interface Plan {
  /** In which order the newer processes start: each member once. */
  readonly order: readonly string[];
  /** Milliseconds between two starts, or `ready`: each one when the one before has a quorum. */
  readonly spacing: number | "ready";
  /** The member whose older process owns the lock. */
  readonly holder: string;
  /** How often everything is reloaded, each time as long after the last start as between two. Default: once. */
  readonly times?: number;
}

/** The spacings of starts that are tried; `ready` is one after the other. */
export const SPACINGS: readonly Plan["spacing"][] = [0, 5, 20, 50, 100, "ready"];

/** A spacing in words. */
export function apart(spacing: Plan["spacing"]): string {
  return spacing === "ready" ? "one after the other" : `${spacing} ms apart`;
}

/** With which of them the newer processes have to have what the older ones had. */
export const KEEPING: readonly Plan["spacing"][] = [50, 100, "ready"];

/** The plan of one run of many: every order, and for each of them every owner. */
export function planOf(run: number, spacing: Plan["spacing"]): Plan {
  const all = orders(MEMBERS);
  const holder = MEMBERS[Math.floor(run / all.length) % MEMBERS.length];
  return { order: all[run % all.length], spacing, holder };
}

/** What came of a reload. */
export interface Outcome {
  /** How each newest process is in the end, in the order of their starts: `quorum`, `none`, or an error's code. */
  readonly newer: readonly string[];
  /** The same for all others, in the order of their starts. */
  readonly older: readonly string[];
  /** How many looks found two owners of the lock. */
  readonly twoOwners: number;
  /** What the key that was put before the reload has afterwards: `kept`, `lost` or an error's code. */
  readonly memory: string;
  /** After how many milliseconds all newer processes had a quorum. */
  readonly took: number;
}

/** Milliseconds in which the newer processes have to get their quorum: several times any session here. */
const LIMIT = 30_000;

/** Milliseconds for which they have to keep it. */
const AFTERWARDS = 100;

/** Starts three members, then the same ones once more while the first three still run. */
export async function reload(stage: Stage, plan: Plan): Promise<Outcome> {
  const locks: Lock[] = [];
  const want = (node: ClusterNode) => node.lock("lock").then((lock) => locks.push(lock));
  const starts = await Promise.all(MEMBERS.map((id) => stage.join(id)));
  let twoOwners = 0;
  const watch = async (duration: number, isOver: () => boolean = () => false) => {
    const end = stage.now() + duration;
    while (stage.now() < end && !isOver()) {
      await stage.pass(1);
      if (locks.filter(({ held }) => held).length > 1) twoOwners++;
    }
  };
  try {
    await stage.until(Promise.all(starts.map(({ ready }) => ready)));
    await stage.until(starts[0].kv.put("key", "before"));
    await stage.until(want(starts.find(({ id }) => id === plan.holder)!));
    for (const node of starts) if (node.id !== plan.holder) want(node).catch(() => {});
    const started = stage.now();
    for (let time = 0; time < (plan.times ?? 1); time++) {
      // Lives of one member are ordered by the millisecond in which they begin.
      await watch(2);
      for (const id of plan.order) {
        const node = await stage.join(id);
        starts.push(node);
        want(node).catch(() => {});
        await watch(
          plan.spacing === "ready" ? LIMIT : plan.spacing,
          () => plan.spacing === "ready" && node.hasQuorum,
        );
      }
    }
    const newer = starts.slice(-MEMBERS.length);
    await watch(LIMIT, () => newer.every(({ hasQuorum }) => hasQuorum));
    const took = stage.now() - started;
    await watch(AFTERWARDS);
    return {
      newer: await Promise.all(newer.map((node) => show(stage, node))),
      older: await Promise.all(starts.slice(0, -MEMBERS.length).map((node) => show(stage, node))),
      twoOwners,
      memory: await remembered(stage, newer[0]),
      took,
    };
  } finally {
    await stage.until(Promise.all(starts.map((node) => node.close())));
  }
}

async function show(stage: Stage, node: ClusterNode): Promise<string> {
  if (node.hasQuorum) return "quorum";
  return await stage.until(
    node.kv.get("key", { timeout: 1 }).then(() => "none", (error) => codeOf(error)),
  );
}

async function remembered(stage: Stage, node: ClusterNode): Promise<string> {
  try {
    const found = await stage.until(node.kv.get("key"));
    if (!found.ok) return found.error === "not_found" ? "lost" : found.error;
    return found.value === "before" ? "kept" : `${found.value}`;
  } catch (error) {
    return codeOf(error);
  }
}

function codeOf(error: unknown): string {
  return error instanceof SynodError ? error.code : String(error);
}

/** All orders of `items`. */
export function orders<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((first, index) =>
    orders(items.toSpliced(index, 1)).map((rest) => [first, ...rest])
  );
}

/** What a reload must not end in; none: it went well. */
export function complaints(outcome: Outcome, keeps: boolean): string[] {
  const found: string[] = [];
  if (outcome.twoOwners > 0) found.push(`two owners in ${outcome.twoOwners} looks`);
  if (outcome.newer.some((end) => end !== "quorum")) found.push(`newer ${outcome.newer.join(" ")}`);
  if (outcome.older.some((end) => end !== "replaced")) {
    found.push(`older ${outcome.older.join(" ")}`);
  }
  if (keeps && outcome.memory !== "kept") found.push(`memory ${outcome.memory}`);
  return found;
}
