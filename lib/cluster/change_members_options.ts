import { isNodeId, MAX_MEMBERS, NODE_ID_FORM } from "../codec.ts";
import { checkKnown, checkLimits, type OptionNames } from "../options.ts";
import { show } from "../show.ts";

/** Options of `changeMembers`. */
export interface ChangeMembersOptions {
  /** Aborting it ends the call with the signal's reason; a step that was begun is finished by the members. */
  signal?: AbortSignal;
  /** Time limit in milliseconds: after it the call rejects with a `TimeoutError`. Default: none. */
  timeout?: number;
}

const NAMES: OptionNames<ChangeMembersOptions> = { signal: true, timeout: true };

/** Checks the options of `changeMembers`; throws a `TypeError` that names the option. */
export function checkChangeMembersOptions(options: ChangeMembersOptions): ChangeMembersOptions {
  checkKnown("changeMembers", options, NAMES);
  checkLimits("changeMembers", options);
  return options;
}

/** Checks a list of members; throws a `TypeError` that begins with `call`. */
export function checkMembers(call: string, members: unknown): readonly string[] {
  if (!Array.isArray(members) || members.length === 0) {
    throw new TypeError(
      `${call}: members must be a list of node ids, not empty, received ${show(members)}`,
    );
  }
  if (members.length > MAX_MEMBERS) {
    throw new TypeError(
      `${call}: members must be at most ${MAX_MEMBERS}, received ${members.length}`,
    );
  }
  members.forEach((member, index) => {
    if (!isNodeId(member)) {
      throw new TypeError(
        `${call}: members[${index}] must be ${NODE_ID_FORM}, received ${show(member)}`,
      );
    }
    if (members.indexOf(member) !== index) {
      throw new TypeError(`${call}: members[${index}] occurs twice: ${show(member)}`);
    }
  });
  return Object.freeze([...members]);
}
