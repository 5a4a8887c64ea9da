import { parseRegisterId, plainKey } from "./codec/register_id.ts";
import type { Key } from "./codec/key.ts";
import { kindOf, REGISTER_KINDS, type RegisterId } from "./paxos/register.ts";
import type { TraceRegister } from "./trace.ts";

const KINDS = new Map(
  Object.entries(REGISTER_KINDS).map(([name, kind]) => [kind, name as TraceRegister["kind"]]),
);

/** A register as events name it; its id must be well-formed. */
export function named(register: RegisterId): TraceRegister {
  const kind = KINDS.get(kindOf(register))!;
  const text = plainKey(register);
  if (text !== undefined) return { kind, bucket: null, key: text };
  const { bucket = null, key } = parseRegisterId(register);
  return { kind, bucket, key };
}

/** The singleton of a register: the id of its spec, and its key. */
export function singletonOf(register: RegisterId): { spec: string; key: Key } {
  const { bucket = "", key } = parseRegisterId(register);
  return { spec: bucket, key };
}

/** What to call an error in an event: its code, or else its name. */
export function reasonOf(error: unknown): string {
  const { code, name } = Object(error);
  // Names of a `DOMException` are plainer than their numbers.
  return String((typeof code === "string" ? code : name) ?? error);
}
