import { Owners } from "./owners.ts";

/** `owner` certainly owned the key `on` at every instant from `from` to `to`. */
export interface Owned {
  readonly on: string;
  /** Identity: two entries with the same value are one owner. */
  readonly owner: string;
  /** Whether it shared the key with all other owners that shared it. */
  readonly shared: boolean;
  /** The fencing token. */
  readonly token: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Returns the violations in these ownerships: two at one instant, or tokens that do not increase from
 * owner to owner. An ownership without a known duration (`from` is later than `to`) is ignored.
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
  // Stable: an ownership that begins and ends at one instant begins first.
  events.sort((a, b) => a.time - b.time);
  for (const { happen } of events) happen();
  return violations;
}
