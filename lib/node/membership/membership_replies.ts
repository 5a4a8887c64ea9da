import type { GenesisReply, Reply } from "../../paxos/messages.ts";

const TYPES: Readonly<Record<GenesisReply["type"], true>> = {
  blank: true,
  record: true,
  stored: true,
  raised: true,
  replaced: true,
  membersMismatch: true,
  notAMember: true,
  known: true,
  piece: true,
};

/** Whether a membership takes such an answer. */
export function isMembershipReply({ type }: Reply): boolean {
  return type in TYPES;
}
