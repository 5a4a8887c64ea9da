import { utf8Beginning } from "../codec/text.ts";
import { MAX_LABEL_BYTES } from "../paxos/lock_register.ts";

/** The longest label, in UTF-16 code units. */
export const MAX_LABEL = 200;

/** The part of a label that the entry of a lock carries. */
export function shortLabel(label: string): string {
  return utf8Beginning(label, MAX_LABEL_BYTES);
}
