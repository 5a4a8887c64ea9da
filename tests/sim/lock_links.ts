import type { LockEntry, LockValue } from "../../lib/paxos/lock_register.ts";

/** Two states of a lock, one chosen after the other. */
export interface LockLink {
  readonly before: LockValue;
  readonly after: LockValue;
  /** Their tokens: the counters of the ballots at which they were written. */
  readonly tokens: readonly [before: number, after: number];
  /** Whether `after` was written directly over `before`. */
  readonly direct: boolean;
  /** Requests that were in an earlier state of the lock and have left it. */
  readonly gone: ReadonlySet<string>;
  /** Whether a request may have left the lock: its session had ended, or its own node removed it. */
  readonly mayLeave: (entry: LockEntry) => boolean;
  /** Whether locks may have been stolen. */
  readonly steals: boolean;
  /** Whether a theft from this holder was written between the two states; default: none was. */
  readonly wasRobbed?: (entry: LockEntry) => boolean;
}

/**
 * The faults of one step of a lock, according to its register. Checks which holders share the lock, the order
 * of grants among live requests, tokens, and that no request leaves without a reason or comes back.
 */
export function lockFaults(link: LockLink): string[] {
  const faults: string[] = [];
  const { before, after, tokens: [earliest, latest], direct, gone, mayLeave, steals } = link;
  const { wasRobbed = () => false } = link;
  const held = new Map(before.holders.map((entry) => [nameOf(entry), entry]));
  const waited = new Map(before.queue.map((entry, place) => [nameOf(entry), place]));
  const now = [...after.holders, ...after.queue].map(nameOf);
  if (new Set(now).size < now.length) faults.push("a request is in it twice");
  for (const name of now) if (gone.has(name)) faults.push(`${name} is back`);

  if (after.holders.length > 1 && !after.holders.every((one) => goesWith(one, after.holders[0]))) {
    faults.push(`${after.holders.map(show).join(" and ")} have it together`);
  }
  const most = Math.max(1, ...after.holders.map(({ permits }) => permits ?? Infinity));
  if (after.holders.length > most) {
    faults.push(`${after.holders.length} have it, and the most permits are ${most}`);
  }
  const [head] = after.queue;
  const isFree = after.holders.length === 0 ||
    (head !== undefined && after.holders.length < (head.permits ?? Infinity) &&
      after.holders.every((one) => goesWith(one, head)));
  if (head !== undefined && isFree) faults.push(`${show(head)} could have it, and waits`);

  for (const entry of after.holders) {
    const known = held.get(nameOf(entry));
    if (known?.token === entry.token) continue;
    // A holder that lost the lock to a theft before its node heard of the grant was requested again.
    const isAgain = known !== undefined && steals && !direct && wasRobbed(known);
    if (known !== undefined && !isAgain) {
      faults.push(`${show(known)} became ${show(entry)}`);
    } else if (entry.token <= earliest || entry.token > latest) {
      faults.push(`${show(entry)} was granted between @${earliest} and @${latest}`);
    } else if (direct && entry.token !== latest) {
      faults.push(`${show(entry)} was granted at @${latest}`);
    }
  }

  // The first earlier waiter that still waits: no later request may have passed it.
  const stays = Math.min(...after.queue.map((entry) => waited.get(nameOf(entry)) ?? Infinity));
  for (const entry of after.holders) {
    if (held.has(nameOf(entry)) || steals) continue;
    const place = waited.get(nameOf(entry)) ?? before.queue.length;
    if (place > stays) faults.push(`${show(entry)} passed ${show(before.queue[stays])}`);
  }
  const places = after.queue.map((entry) => waited.get(nameOf(entry)) ?? before.queue.length);
  // A request that was granted and lost to a theft between the two states, before its node heard of that,
  // has been made again: it is at the end, and the requests that stayed were behind it.
  const turn = places.findIndex((place, index) => index > 0 && place < places[index - 1]);
  const again = places.slice(turn).filter((place) => place < before.queue.length);
  const mayBe = steals && !direct && again.every((place) => place < places[0]);
  if (turn > 0 && !mayBe) {
    faults.push(`the order changed to ${after.queue.map(nameOf).join(", ")}`);
  }

  const left = new Set(now);
  // Between two states that are not adjacent a request may have been granted and lost to a theft.
  const robbed = steals ? [...before.holders, ...(direct ? [] : before.queue)] : [];
  for (const entry of [...before.holders, ...before.queue]) {
    if (robbed.includes(entry)) continue;
    if (!left.has(nameOf(entry)) && !mayLeave(entry)) {
      faults.push(
        `${show(entry)} is gone, though its session was open and its node did not remove it`,
      );
    }
  }
  return faults;
}

/** The name of a request: its session and number. */
export function nameOf({ pid, request }: LockEntry): string {
  return `${pid.session}/${request}`;
}

/** A lock as text, for reports. */
export function showLock({ holders, queue }: LockValue): string {
  return `[${holders.map(show).join(", ")} | ${queue.map(show).join(", ")}]`;
}

function show(entry: LockEntry): string {
  return `${nameOf(entry)} (${entry.permits ?? entry.mode}${
    entry.token > 0 ? ` @${entry.token}` : ""
  })`;
}

/** Whether two requests may have a lock together, as far as their kinds say. */
function goesWith(a: LockEntry, b: LockEntry): boolean {
  return a.mode === "shared" && b.mode === "shared" &&
    (a.permits === undefined) === (b.permits === undefined);
}
