import type { SynodError } from "../../errors.ts";

/** Events about a node's place in its cluster. */
export interface MembershipEvents {
  /** The node knows the record that it lives under; `again`: after it lived under another one. */
  readonly entered: (again: boolean) => void;
  /** The node may own values and locks from now on: it votes. */
  readonly operational: () => void;
  /** The node is in no list of members that it knows of: it is a client, or waits to be added. */
  readonly outside: () => void;
  /** It is a member no more: it votes no more, and is a client. */
  readonly removed: () => void;
  /** Its list of the members has changed. */
  readonly changed: () => void;
  /** The node has taken another life while it was a client. */
  readonly reborn: () => void;
  /**
   * A majority lost its memory: this member has forgotten what it knew, to begin a new genesis with the others.
   */
  readonly gaveUp: () => void;
  /** A member that lost its memory is coming back. */
  readonly recovering: (member: string) => void;
  /** Other nodes without a cluster list other members; told again as long as that lasts. */
  readonly otherList: (error: SynodError) => void;
  /** Another process has this node's place. */
  readonly replaced: () => void;
}
