import type { ProcessEvents } from "../lib/cluster/events.ts";

/** The events of a guest, with the types of their `detail`. */
export interface GuestEvents extends ProcessEvents {
  /** The guest has a quorum: its session was granted. */
  quorum: undefined;
  /** The guest no longer has a quorum. */
  noquorum: undefined;
  /** The guest's session is over; everything that depended on it is lost. */
  sessionlost: { session: string };
  /** The cluster has restarted empty, and its former state is gone. */
  restart: { genesis: string };
  /** A failure that no operation waits for, such as a token that a server does not accept. */
  error: { error: Error };
}
