import type { Challenge, Hello } from "./handshake.ts";
import { Refusal } from "./refusal.ts";
import { type Claims, signToken, verifyToken } from "./token.ts";

/** How long a proof holds, in milliseconds: it is used at once. */
const LIFETIME = 30_000;

/** Which side of a connection made a proof: one side's is of no use to the other. */
export type Side = "connect" | "accept";

/** The claim that tells a proof from a token of `nodeToken`: which side made it. */
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

/** Checks what {@linkcode makeProof} made; rejects with a {@linkcode Refusal}. */
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

/** Checks a token of `nodeToken` that is to speak for `id`; rejects with a {@linkcode Refusal}. */
export async function checkNodeToken(
  token: string,
  secret: string,
  cluster: string,
  id: string,
): Promise<Claims> {
  const claims = await verifyToken(token, secret, cluster);
  // A proof that somebody overheard must not open other connections.
  if (claims[SIDE] !== undefined) throw new Refusal("the token is for another connection");
  if (claims.sub !== id) throw new Refusal("the token is for another node");
  return claims;
}
