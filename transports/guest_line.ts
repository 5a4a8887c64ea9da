/** A guest that connects. */
export interface GuestIdentity {
  /** The id of the guest. */
  readonly id: string;
  /** The id of its start. */
  readonly life: string;
}

/** How a connection ended. */
export interface LineEnd {
  /**
   * `lost`: it broke, or was never made. `unauthorized`: the server does not accept the proof. `full`: the
   * server takes no more guests now. `replaced`: a later life of the guest has connected.
   */
  readonly kind: "lost" | "unauthorized" | "full" | "replaced";
  /** For people: what has happened. */
  readonly reason: string;
  /** The error behind it, if there is one. */
  readonly cause?: unknown;
}

/** The guest's side of a connection. None of these functions throws. */
export interface LineUser {
  /** The server accepts the guest: frames can be sent. */
  opened(): void;
  /** A frame has come. */
  received(frame: Uint8Array): void;
  /** The connection has ended; called once, and nothing is called after it. */
  ended(end: LineEnd): void;
  /** The bytes of a frame without messages, for a connection that has to send something to be answered. */
  ask(): Uint8Array;
}

/** One connection to a gateway. None of its functions throws. */
export interface Line {
  /** Sends a frame. Frames arrive in order, or else the connection ends. */
  send(frame: Uint8Array): void;
  /** Whether the guest waits for anything that comes without a frame of its own. */
  expect(isExpecting: boolean): void;
  /** Ends the connection; `farewell` is the last frame, and may be lost. */
  close(farewell?: Uint8Array): void;
}

/** Makes connections to the servers of a cluster. */
export interface GuestTransport {
  /** The servers. A guest connects to one of them at a time. */
  readonly servers: readonly string[];
  /**
   * Whether a gateway sends frames without being asked, at least every tenth of the time to live: silence
   * then means that the connection is dead. Otherwise the connection notices by itself.
   */
  readonly isPushed: boolean;
  /** Begins to connect. */
  connect(server: string, guest: GuestIdentity, user: LineUser): Line;
}
