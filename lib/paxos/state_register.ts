/** What the register of a state holds: a value that instances of one singleton leave to their successors. */
export interface KeptState {
  /** The token of the instance that has opened it last: only this one can write. */
  readonly token: number;
  /** The encoded value; `null` while there is none. */
  readonly value: Uint8Array | null;
}

/**
 * What the instance with `token` writes to open a state, also if that changes nothing else; `null`: a later one has
 * opened it.
 */
export function openState(kept: KeptState | null, token: number): KeptState | null {
  if (kept !== null && kept.token > token) return null;
  return { token, value: kept?.value ?? null };
}

/** What the instance with `token` writes; `null`: the state is not, or not any more, the one that it has opened. */
export function writeState(
  kept: KeptState | null,
  token: number,
  value: Uint8Array | null,
): KeptState | null {
  if (kept === null || kept.token !== token) return null;
  return { token, value };
}

/** Whether the instance with `token` may release the state: also one that it has not opened, of a predecessor. */
export function mayForget(kept: KeptState | null, token: number): boolean {
  return kept !== null && kept.token <= token;
}
