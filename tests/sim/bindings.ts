import type { Process } from "../../lib/processes/process.ts";
import type { SharedKey } from "./world.ts";

/** The bindings of a put. */
export interface Bindings {
  readonly process?: Process<unknown>;
  readonly node?: string;
  readonly key?: SharedKey;
  readonly until?: number;
}

/** The name of a process: its session and number. */
export function nameOf({ session, seq }: { session: string; seq: number }): string {
  return `${session}/${seq}`;
}

/** The bindings of a put as text, for reports. */
export function describeBindings({ process, node, key, until }: Bindings): string {
  const parts = [
    process && `pid ${nameOf(process.pid)}`,
    node && `node ${node}`,
    key && `key ${key.name}`,
    until && `until ${until}`,
  ].filter((part) => part);
  return parts.length > 0 ? `(${parts.join(", ")})` : "(unbound)";
}
