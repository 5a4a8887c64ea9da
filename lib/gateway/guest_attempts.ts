import type { GuestCall, GuestOperation } from "../codec/guest_messages.ts";
import type { AttemptNumbers } from "../singletons/channels.ts";

/** Open attempts listed when a call is sent again: as many as a guest may have at a member by default. */
const MOST_NAMED = 100;

/**
 * The numbers of a call that its gateway sends again. The guest numbered it when it made it, and may have given up
 * earlier attempts since that no member has sent: the host would wait for these for ever. `earlier`: the operations that
 * the guest waits for and made before; `undefined` among them: one that has not come to this gateway, which may be any
 * attempt.
 */
export function presentNumbers(
  call: GuestCall,
  earlier: Iterable<GuestOperation | undefined>,
): AttemptNumbers {
  const { birth, sequence } = call;
  const open: number[] = [];
  let done = sequence - 1;
  for (const operation of earlier) {
    if (operation === undefined) return call;
    if (operation.type !== "call" || operation.birth !== birth) continue;
    done = Math.min(done, operation.sequence - 1);
    if (open.length < MOST_NAMED) open.push(operation.sequence);
  }
  return { birth, sequence, done, open, full: open.length === MOST_NAMED };
}
