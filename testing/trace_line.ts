import type { TraceEvent, TraceEventType } from "../lib/trace.ts";

/** The events that are left out: steps of what another event tells, and those that come all the time. */
const LEFT_OUT: ReadonlySet<TraceEventType> = new Set<TraceEventType>([
  "proposal.prepare",
  "proposal.accept",
  "proposal.refused",
  "proposal.restarted",
  "proposal.abandoned",
  "read",
  "session.renewed",
  "connection.opened",
  "connection.failed",
  "call.sent",
  "call.began",
]);

/** The registers whose changes other events tell. */
const HAVE_EVENTS: ReadonlySet<string> = new Set(["lock", "singleton", "configuration"]);

/** The longest text of a field, in characters. */
const LONGEST = 80;

/** An event of a node as a line of the trace; `null`: it is left out. */
export function traceLine({ at: _, type, ...fields }: TraceEvent): string | null {
  if (LEFT_OUT.has(type)) return null;
  // Locks, singletons and the members have events of their own.
  if (type === "proposal.chosen") {
    const { register, written, token } = fields as TraceEvent & { type: "proposal.chosen" };
    if (!written || HAVE_EVENTS.has(register.kind)) return null;
    const bucket = register.bucket === null ? "" : `${register.bucket}/`;
    return `has written the ${register.kind} ${bucket}${textOf(register.key)}, token ${token}`;
  }
  const shown = Object.entries(fields)
    .filter(([name, value]) => name !== "request" && value !== null && value !== false)
    .map(([name, value]) => `${name} ${textOf(value)}`);
  return [type, shown.join(", ")].join(" ").trimEnd();
}

/** Whether this is a pid: its life is of no interest. */
function isPid(value: unknown): value is { node: string; seq: number } {
  return typeof value === "object" && value !== null && "seq" in value && "node" in value;
}

function textOf(value: unknown): string {
  if (isPid(value)) return `${value.node}/${value.seq}`;
  if (typeof value === "number") return `${Math.round(value * 10) / 10}`;
  const text = JSON.stringify(value, (_, part) => typeof part === "bigint" ? `${part}n` : part);
  return String(text).slice(0, LONGEST);
}
