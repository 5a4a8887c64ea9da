/** An owner of a key by its own belief: a lock that is held, or an instance with an open signal. */
export interface Owner {
  readonly key: string;
  /** A name for people. */
  readonly name: string;
  /** Identity: two entries with the same value are one owner twice. */
  readonly of: unknown;
  /** Whether it shares the key with all other owners that share it. */
  readonly shared: boolean;
  /** The most owners of the key, itself included: it shares it only with owners that have permits, too. */
  readonly permits?: number;
  /** The fencing token. */
  readonly token: number;
  /** Whether it believes at `time` (virtual, true) that it owns the key; a lost belief never comes back. */
  readonly believes: (time: number) => boolean;
}

/**
 * Checks all owners from outside, in true time: no two owners of one key at one instant, and tokens that
 * increase from owner to owner.
 */
export class Owners {
  readonly #report: (violation: string) => void;
  readonly #mayOverlap: (older: Owner, newer: Owner) => boolean;
  /** By key, owners that have not been told yet that their ownership has ended. */
  readonly #living = new Map<string, Set<Owner>>();
  /** By key, the last owners: those with the highest exclusive and the highest shared token. */
  readonly #highest = new Map<string, { exclusive?: Owner; shared?: Owner }>();
  /** Pairs that were reported: a conflict lasts for a while, and is reported once. */
  readonly #reported = new Set<string>();
  /** Numbers of owners, and of checks of an owner beside another that did not know that it had ended. */
  readonly counts = { owners: 0, looks: 0 };

  /** `mayOverlap`: whether `newer` may have stolen from `older`. */
  constructor(
    report: (violation: string) => void,
    mayOverlap: (older: Owner, newer: Owner) => boolean = () => false,
  ) {
    this.#report = report;
    this.#mayOverlap = mayOverlap;
  }

  /** `owner` begins to own its key, at `time`. */
  began(owner: Owner, time: number): void {
    let living = this.#living.get(owner.key);
    if (living === undefined) this.#living.set(owner.key, living = new Set());
    living.add(owner);
    if (!owner.believes(time)) return;
    this.counts.owners++;
    this.#checkToken(owner);
    this.#judge(living, time);
  }

  /** `owner` knows that its ownership has ended. */
  ended(owner: Owner): void {
    this.#living.get(owner.key)?.delete(owner);
  }

  /** Checks all owners at `time`. */
  judge(time: number): void {
    for (const living of this.#living.values()) if (living.size > 1) this.#judge(living, time);
  }

  /** At `time`, `owner` does what only an owner may do, since it was just told that it is one. */
  acts(owner: Owner, time: number): void {
    for (const other of this.#living.get(owner.key) ?? []) {
      if (other !== owner && other.believes(time)) this.#meet(other, owner, time);
    }
    const { exclusive, shared } = this.#highest.get(owner.key) ?? {};
    for (const later of [exclusive, shared]) {
      if (later === undefined || later.token <= owner.token || excuses(later, owner)) continue;
      if (this.#mayOverlap(owner, later)) continue;
      this.#once(owner, later, `${show(owner)} acts at ${time}, after ${show(later)} had the key`);
    }
  }

  /** The owners of `key` at `time`, by their own belief. */
  of(key: string, time: number): Owner[] {
    return [...this.#living.get(key) ?? []].filter((owner) => owner.believes(time));
  }

  #judge(living: Iterable<Owner>, time: number): void {
    this.counts.looks++;
    const believers = [...living].filter((owner) => owner.believes(time));
    believers.forEach((newer, index) => {
      for (const older of believers.slice(0, index)) this.#meet(older, newer, time);
    });
    this.#count(believers, time);
  }

  /** Never more owners than permits: that of those among them that has the most. */
  #count(believers: readonly Owner[], time: number): void {
    const most = Math.max(1, ...believers.map(({ permits }) => permits ?? Infinity));
    if (new Set(believers.map(({ of }) => of)).size <= most) return;
    const [first, second] = believers;
    if (this.#mayOverlap(first, second)) return;
    const names = believers.map(show).join(" and ");
    this.#once(first, believers[most], `more than ${most} own ${first.key} at ${time}: ${names}`);
  }

  #meet(older: Owner, newer: Owner, time: number): void {
    if (excuses(older, newer)) return;
    if (this.#mayOverlap(older, newer)) return;
    this.#once(older, newer, `two own ${newer.key} at ${time}: ${show(older)} and ${show(newer)}`);
  }

  #checkToken(owner: Owner): void {
    let highest = this.#highest.get(owner.key);
    if (highest === undefined) this.#highest.set(owner.key, highest = {});
    for (const earlier of [highest.exclusive, highest.shared]) {
      if (earlier === undefined || excuses(earlier, owner)) continue;
      if (earlier.token < owner.token || this.#mayOverlap(earlier, owner)) continue;
      this.#once(earlier, owner, `${show(owner)} comes after ${show(earlier)}`);
    }
    const kind = owner.shared ? "shared" : "exclusive";
    if (owner.token > (highest[kind]?.token ?? 0)) highest[kind] = owner;
  }

  #once(a: Owner, b: Owner, violation: string): void {
    const pair = `${show(a)} ${show(b)}`;
    if (this.#reported.has(pair)) return;
    this.#reported.add(pair);
    this.#report(violation);
  }
}

/** Whether two owners may have one key at the same time. */
function excuses(a: Owner, b: Owner): boolean {
  if (a.of === b.of) return true;
  return a.shared && b.shared && (a.permits === undefined) === (b.permits === undefined);
}

function show({ key, name, token, shared, permits }: Owner): string {
  const how = permits !== undefined ? ` (${permits} permits)` : shared ? " (shared)" : "";
  return `${name} with ${key} @${token}${how}`;
}
