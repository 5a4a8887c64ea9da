import type { Process } from "../../lib/processes/process.ts";
import type { SharedKey } from "./world.ts";

/** What a value was bound to when it was put. */
export interface Bindings {
  readonly process?: Process<unknown>;
  readonly node?: string;
  readonly key?: SharedKey;
  readonly until?: number;
}

/** A process by its session and number. */
export function nameOf({ session, seq }: { session: string; seq: number }): string {
  return `${session}/${seq}`;
}

/** What a put is bound to, for people. */
export function describeBindings({ process, node, key, until }: Bindings): string {
  const parts = [
    process && `pid ${nameOf(process.pid)}`,
    node && `node ${node}`,
    key && `key ${key.name}`,
    until && `until ${until}`,
  ].filter((part) => part);
  return parts.length > 0 ? `(${parts.join(", ")})` : "(unbound)";
}
