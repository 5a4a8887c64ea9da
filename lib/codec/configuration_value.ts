import { LIFE_PATTERN } from "../paxos/ballot.ts";
import type { Configuration, ConfiguredMember, NamedLife } from "../paxos/configuration.ts";
import type { State } from "../paxos/register.ts";
import { MAX_MEMBERS } from "./limits.ts";
import { MalformedError } from "./malformed.ts";
import { isNodeId } from "./names.ts";
import { decodeValue, encodeValue } from "./value.ts";

/** Longest encoded configuration, in bytes: far above what the most members take. */
const MAX_BYTES = 64 * 1024;

/** The value of the configuration register. */
export function encodeConfiguration(configuration: Configuration): Uint8Array {
  const { epoch, members, joining, leaving, settled } = configuration;
  const rows = members.map(({ id, life, since }) => [id, life, since]);
  return encodeValue([epoch, rows, rowOf(joining), rowOf(leaving), settled], MAX_BYTES);
}

/**
 * The configuration in a state of its register; `null`: none. Throws `MalformedError` for bytes that no node of this
 * version wrote.
 */
export function readConfiguration(state: State): Configuration | null {
  if (!state.present) return null;
  const value = decodeValue(state.value);
  if (!Array.isArray(value) || value.length !== 5) refuse();
  const [epoch, rows, joining, leaving, settled] = value;
  if (!Array.isArray(rows) || rows.length < 1 || rows.length > MAX_MEMBERS) refuse();
  if (typeof settled !== "boolean") refuse();
  return {
    epoch: numberOf(epoch),
    members: rows.map(memberOf),
    joining: joining === null ? null : namedOf(joining),
    leaving: leaving === null ? null : namedOf(leaving),
    settled,
  };
}

function rowOf(one: NamedLife | null): [string, string] | null {
  return one === null ? null : [one.id, one.life];
}

function memberOf(row: unknown): ConfiguredMember {
  if (!Array.isArray(row) || row.length !== 3) refuse();
  return { ...namedOf(row.slice(0, 2)), since: numberOf(row[2]) };
}

function namedOf(row: unknown): NamedLife {
  if (!Array.isArray(row) || row.length !== 2) refuse();
  const [id, life] = row;
  if (typeof id !== "string" || !isNodeId(id)) refuse();
  if (typeof life !== "string" || !LIFE_PATTERN.test(life)) refuse();
  return { id, life };
}

function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : refuse();
}

function refuse(): never {
  throw new MalformedError("not a configuration");
}
