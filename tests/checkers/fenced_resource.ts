/** An accepted visit to a resource that is fenced by the token of a lock. */
export interface Visit {
  /** The key of the lock. */
  readonly on: string;
  readonly token: number;
  /** The value of the resource before the visit. */
  readonly before: number;
  /** Its value after the visit; `null`: the visit only read. */
  readonly written: number | null;
}

/**
 * Returns the violations in the visits to resources, which are in order. Tokens never decrease; and since
 * each writer adds one to the value that it read, no addition is lost.
 */
export function checkVisits(visits: Iterable<Visit>): string[] {
  const violations: string[] = [];
  const last = new Map<string, Visit>();
  for (const visit of visits) {
    const { on, token, before, written } = visit;
    const previous = last.get(on);
    if (previous !== undefined && token < previous.token) {
      violations.push(`${on}: token ${token} was let in after ${previous.token}`);
    }
    if (written !== null && written !== before + 1) {
      violations.push(`${on}: token ${token} wrote ${written} over ${before}: an addition is lost`);
    }
    last.set(on, visit);
  }
  return violations;
}
