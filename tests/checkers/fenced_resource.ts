/** Somebody came to a resource that is fenced by the token of a lock, and was let in. */
export interface Visit {
  /** The key of the lock. */
  readonly on: string;
  readonly token: number;
  /** What the resource held before. */
  readonly before: number;
  /** What it holds since; `null`: the visitor only looked. */
  readonly written: number | null;
}

/**
 * What is wrong with the visits to resources, in their order: tokens never go back, and, since everybody
 * adds one to what it saw, nothing that was added is lost.
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
