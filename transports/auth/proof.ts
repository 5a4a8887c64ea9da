import type { Challenge, Hello } from "./handshake.ts";
import { Refusal } from "./refusal.ts";
import { type Claims, signToken, verifyToken } from "./token.ts";

/** The lifetime of a proof, in milliseconds: it is used at once. */
const LIFETIME = 30_000;

/** The side of a connection that made a proof: the proof of one side is not valid for the other. */
export type Side = "connect" | "accept";

/** The claim that names the side that made a proof. A token of `nodeToken` does not have it. */
const SIDE = "side";

/** Proves to `to` that `from` has the secret, for the connection with these two nonces. */
export function makeProof(
  secret: string,
  side: Side,
  from: string,
  to: string,
  hello: Hello,
  challenge: Pick<Challenge, "nonce">,
): Promise<string> {
  const more = { [SIDE]: side, to, nonces: `${hello.nonce} ${challenge.nonce}` };
  return signToken(secret, hello.cluster, from, LIFETIME, more);
}

/** Verifies a proof of {@linkcode makeProof}; rejects with a {@linkcode Refusal}. */
export async function checkProof(
  proof: string,
  secret: string,
  side: Side,
  from: string,
  to: string,
  hello: Hello,
  challenge: Pick<Challenge, "nonce">,
): Promise<void> {
  const claims = await verifyToken(proof, secret, hello.cluster);
  if (claims[SIDE] !== side) throw new Refusal("the token is no proof of this side");
  if (claims.sub !== from) throw new Refusal("the token is for another node");
  if (claims.to !== to || claims.nonces !== `${hello.nonce} ${challenge.nonce}`) {
    throw new Refusal("the token is for another connection");
  }
}

/** Verifies a token of `nodeToken` for the node `id`; rejects with a {@linkcode Refusal}. */
export async function checkNodeToken(
  token: string,
  secret: string,
  cluster: string,
  id: string,
): Promise<Claims> {
  const claims = await verifyToken(token, secret, cluster);
  // An intercepted proof must not open other connections.
  if (claims[SIDE] !== undefined) throw new Refusal("the token is for another connection");
  if (claims.sub !== id) throw new Refusal("the token is for another node");
  return claims;
}
