import { Owners } from "./owners.ts";

/** `owner` certainly owned the key `on` at every instant from `from` to `to`. */
export interface Owned {
  readonly on: string;
  /** Two of the same owner are one. */
  readonly owner: string;
  /** Whether it owned it together with all others that shared it. */
  readonly shared: boolean;
  /** The fencing token. */
  readonly token: number;
  readonly from: number;
  readonly to: number;
}

/**
 * What is wrong with who owned what: two at one instant, or tokens that do not grow from owner to owner.
 * What is not known to have lasted (`from` is later than `to`) says nothing.
 */
export function checkOwnership(history: Iterable<Owned>): string[] {
  const violations: string[] = [];
  const owners = new Owners((violation) => violations.push(violation));
  const events: { time: number; happen(): void }[] = [];
  for (const { on, owner, shared, token, from, to } of history) {
    if (from > to) continue;
    const believes = (time: number) => from <= time && time <= to;
    const one = { key: on, name: owner, of: owner, shared, token, believes };
    events.push({ time: from, happen: () => owners.began(one, from) });
    events.push({ time: to, happen: () => owners.ended(one) });
  }
  // Stable: what begins at the instant at which it ends has begun first.
  events.sort((a, b) => a.time - b.time);
  for (const { happen } of events) happen();
  return violations;
}
