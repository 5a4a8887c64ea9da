import { type Challenge, type Hello, VERSION } from "./handshake.ts";
import type { Keys } from "./keys.ts";
import { sign, verify } from "./mac.ts";
import { HandshakeError } from "./handshake_error.ts";

/** The side of a connection that made a proof. Each side has a key of its own. */
export type Side = "connect" | "accept";

/** Proves that the sender has the secret, for the connection with these two messages. */
export function makeProof(
  keys: Keys,
  side: Side,
  hello: Hello,
  challenge: Challenge,
): Promise<string> {
  return sign(keys[side], transcript(hello, challenge));
}

/** Verifies a proof of {@linkcode makeProof}; rejects with a {@linkcode HandshakeError}. */
export async function checkProof(
  proof: string,
  keys: Keys,
  side: Side,
  hello: Hello,
  challenge: Challenge,
): Promise<void> {
  if (await verify(keys[side], transcript(hello, challenge), proof)) return;
  throw new HandshakeError(
    "the proof was not made with the secret of this cluster, for this connection",
  );
}

/** The fields that both sides must have seen alike: a proof is valid for no other connection, node or cluster. */
function transcript(hello: Hello, challenge: Challenge): string {
  const { cluster, id, to, nonce } = hello;
  return JSON.stringify([VERSION, cluster, id, to, nonce, challenge.id, challenge.nonce]);
}
