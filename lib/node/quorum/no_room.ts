import { SynodError } from "../../errors.ts";

/**
 * The error of a change that needs a new register. Released registers wait for the members `missing`. The
 * members `silent` have not answered, and without them too few members have room.
 */
export function noRoom(missing: readonly string[], silent: readonly string[] = []): SynodError {
  const waiting = missing.length === 0
    ? ""
    : `; released keys stay until these members are back: ${missing.join(", ")}`;
  const unanswered = silent.length === 0
    ? ""
    : `; these members have not answered: ${silent.join(", ")}`;
  return new SynodError(
    "full",
    `No room for a new key, or for a longer value: maxKeys or maxBytes is reached${waiting}${unanswered}`,
  );
}
