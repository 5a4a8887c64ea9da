/** Methods and properties that only the sockets of some runtimes have. */
export interface NativeSocket {
  terminate?(): void;
  /** In Node: nothing is read until `resume`. */
  pause?(): void;
  resume?(): void;
  /** In runtimes that follow the standard. */
  readonly bufferedAmount?: number;
  /** In Bun. */
  getBufferedAmount?(): number;
}

/** The bytes that wait to be sent, or 0 if the runtime does not tell. */
export function unsentOf(socket: NativeSocket | undefined): number {
  return socket?.bufferedAmount ?? socket?.getBufferedAmount?.() ?? 0;
}
