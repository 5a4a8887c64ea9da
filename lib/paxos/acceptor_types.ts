import type { Ballot } from "./ballot.ts";
import type { CapacityOptions } from "./capacity.ts";
import type { RegisterReply } from "./messages.ts";
import type { Accepted, Present, SessionId } from "./register.ts";
import type { Push } from "./watchers.ts";

/** What a list has to know of an accepted state. */
export interface Outline extends Pick<Accepted, "ballot" | "fast"> {
  readonly state: { readonly present: false } | Pick<Present, "present" | "bindings" | "owners">;
}

/** An acceptor's state of one register. */
export interface AcceptorEntry {
  /** The highest ballot promised. */
  promised: Ballot;
  /** What it accepted last; `null`: nothing. */
  accepted: Accepted | null;
  /** The same for a list, which must not make a copy of each value. */
  readonly outline: Outline | null;
  /** Whether the state was copied from others during recovery, and never accepted by this acceptor itself. */
  copied: boolean;
}

/** A reply, and the pushes to watchers. */
export interface AcceptorOutput {
  /** The reply; `undefined`: none. */
  readonly reply: RegisterReply | undefined;
  /** The pushes to watchers. */
  readonly pushes: readonly Push[];
}

/** The options of an acceptor. */
export interface AcceptorOptions extends CapacityOptions {
  /** The floor; tokens begin above it. */
  readonly floor: number;
  /** Whether this acceptor believes that a session expired. */
  readonly isStale: (session: SessionId, now: number) => boolean;
}
