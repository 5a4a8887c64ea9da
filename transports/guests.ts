/**
 * Between a transport whose routes accept guests and the member behind it (section 13). A guest proves its own id,
 * and nothing else; its frames go to the member's gateway, never to the member itself.
 *
 * @module
 */

/** What a guest has proved. */
export interface GuestProof {
  /** Its id, which no member has. */
  readonly id: string;
  /** The id of its start. */
  readonly life: string;
  /** The claims of its token: a plain object. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Why a connection is closed; a transport has a status for each. */
export type GuestClose =
  /** A later process has taken the guest's place. */
  | "replaced"
  /** A frame of the guest cannot be read. */
  | "malformed"
  /** The member takes no guests, or not this one. */
  | "refused"
  /** There are too many guests. */
  | "full"
  /** The member closes, or the guest has another connection to it. */
  | "closing";

/** One connection, from the member to the guest. */
export interface GuestLine {
  /** Sends a frame; it may be lost. Never throws. `matters`: it has more than a ticket, so requests are answered. */
  send(frame: Uint8Array, matters: boolean): void;
  /** Sends what waits, and closes the connection. Never throws. */
  close(why: GuestClose, reason: string): void;
}

/** One connection, from the guest to the member. */
export interface GuestPort {
  /**
   * Takes a frame. Resolves when every operation that came with it has ended: a transport that answers requests
   * may answer then. Never rejects.
   */
  receive(frame: Uint8Array): Promise<void>;
  /**
   * Resolves when more may be read of the guest; `undefined`: at once. It has sent so much that to read more would take
   * time from others. Less than a second: what keeps its session waits, too.
   */
  behind?(): Promise<void> | undefined;
  /** The connection is gone. */
  lost(): void;
}

/** The gateway of a member, as its transports see it. */
export interface GuestReception {
  /** Takes a new connection, or returns why it is refused. */
  admit(
    guest: GuestProof,
    line: GuestLine,
  ): GuestPort | { readonly why: GuestClose; readonly reason: string };
}
