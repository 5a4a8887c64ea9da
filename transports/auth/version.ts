/** The version of the handshake and of the protocol after it. */
export const VERSION = 2;
