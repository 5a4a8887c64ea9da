import { valueIn } from "../cells/cell_value.ts";
import { decodeValue, parseRegisterId } from "../codec.ts";
import type { NodeParts } from "../cluster/wiring.ts";
import { type Present, REGISTER_KINDS, type RegisterKind } from "../paxos/register.ts";
import { keptStateOf } from "../singletons/state_value.ts";
import { preview } from "./preview.ts";
import { MOST_SEEN, type Page } from "./registers.ts";

/** A cell that has a value. */
export interface InspectedCell {
  /** Its bucket; `null`: the default one. */
  bucket: string | null;
  /** Its name as a text. */
  key: string;
  /** Its value as a text. */
  value: string;
  /** The size of the value, in bytes. */
  bytes: number;
  /** The token of the value. */
  token: number;
}

/** A state that an instance of a singleton leaves to the next one. */
export interface InspectedState {
  /** The id of the spec. */
  spec: string;
  /** The key of the instance as a text. */
  key: string;
  /** The name of the state as a text. */
  name: string;
  /** Its value as a text; empty: it has only been opened. */
  value: string;
  /** The size of the value, in bytes. */
  bytes: number;
  /** The fencing token of the instance that may write it. */
  token: number;
}

/** The cells that have a value, as this member has them. */
export function cellsOf(
  parts: NodeParts,
  offset: number,
  limit: number,
): Promise<Page<InspectedCell>> {
  return pageOf(parts, REGISTER_KINDS.cell, offset, limit, (state, bucket, key) => {
    const value = valueIn(state);
    const shown = { key: preview(key), value: preview(decodeValue(value)), bytes: value.length };
    return { bucket: bucket ?? null, ...shown, token: state.token };
  });
}

/** The states of singletons, as this member has them. */
export function statesOf(
  parts: NodeParts,
  offset: number,
  limit: number,
): Promise<Page<InspectedState>> {
  return pageOf(parts, REGISTER_KINDS.state, offset, limit, (state, spec = "", both) => {
    const { token, value } = keptStateOf(state)!;
    const [key, name] = both as [unknown, unknown];
    const shown = value === null ? "" : preview(decodeValue(value));
    const names = { spec, key: preview(key), name: preview(name) };
    return { ...names, value: shown, bytes: value?.length ?? 0, token };
  });
}

async function pageOf<T>(
  { core }: NodeParts,
  kind: RegisterKind,
  offset: number,
  limit: number,
  rowOf: (state: Present, bucket: string | undefined, key: unknown) => T,
): Promise<Page<T>> {
  const rows: T[] = [];
  let total = 0;
  for await (const { register, state } of core.held(kind, MOST_SEEN)) {
    if (!state.present) continue;
    total++;
    if (total <= offset || rows.length >= limit) continue;
    const { bucket, key } = parseRegisterId(register);
    rows.push(rowOf(state, bucket, key));
  }
  return { rows, total };
}
