/** A transport whose server may stop before the node closes. */
export interface Drainable {
  /**
   * Takes no connections any more, and ends those that were taken, so that the server can stop: servers wait for
   * their connections. The node goes on over the connections that it makes itself, to all of `peers`; nodes and
   * guests without such a connection go to other servers. Resolves when the connections are gone. Never rejects.
   */
  drain(): Promise<void>;
}
