import { sign, verify } from "hono/jwt";
import { Refusal } from "./refusal.ts";

/** By how many milliseconds two clocks may differ. */
const CLOCK_TOLERANCE = 60_000;

/** No token is longer, in characters; nothing is computed about one that is. */
export const MAX_TOKEN = 4_096;

/** What a token says. Times are in seconds since 1970, as JSON Web Tokens have them. */
export interface Claims {
  /** The name of the cluster. */
  readonly aud: string;
  /** The id of the node that it speaks for. */
  readonly sub: string;
  /** When it was made. */
  readonly iat: number;
  /** When it ends. */
  readonly exp: number;
  /** Whatever else was signed; not checked yet. */
  readonly [claim: string]: unknown;
}

/** Signs claims about the node `id` that hold for `lifetime` milliseconds. */
export function signToken(
  secret: string,
  cluster: string,
  id: string,
  lifetime: number,
  more: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const now = Date.now();
  const [iat, exp] = [Math.floor(now / 1000), Math.ceil((now + lifetime) / 1000)];
  return sign({ ...more, aud: cluster, sub: id, iat, exp }, secret, "HS256");
}

/**
 * What a token says, if it was signed with `secret`, for this cluster, and holds now. Rejects with a
 * {@linkcode Refusal} otherwise.
 */
export async function verifyToken(
  token: unknown,
  secret: string,
  cluster: string,
): Promise<Claims> {
  if (typeof token !== "string" || token === "") throw new Refusal("there is no token");
  if (token.length > MAX_TOKEN) throw new Refusal("the token is too long");
  let claims: Record<string, unknown>;
  try {
    // Its own tests of time know no tolerance. The algorithm is ours to say: a token that names
    // another, "none" say, is refused whatever its signature.
    claims = await verify(token, secret, { alg: "HS256", exp: false, nbf: false, iat: false });
  } catch {
    throw new Refusal("the token was not signed with the secret of this cluster");
  }
  const { aud, sub, iat, nbf, exp } = claims;
  if (aud !== cluster) throw new Refusal("the token is for another cluster");
  if (typeof sub !== "string") throw new Refusal("the token names no node");
  const now = Date.now();
  if (typeof exp !== "number" || !(exp * 1000 + CLOCK_TOLERANCE > now)) {
    throw new Refusal("the token has expired, or the clocks differ");
  }
  for (const start of [iat, nbf]) {
    if (start === undefined) continue;
    if (typeof start !== "number" || !(start * 1000 - CLOCK_TOLERANCE <= now)) {
      throw new Refusal("the token is from the future, or the clocks differ");
    }
  }
  return { ...claims, aud, sub, iat: typeof iat === "number" ? iat : 0, exp };
}

/** Until when a connection that was opened with such a token may last: milliseconds since 1970. */
export function endOf(claims: Claims): number {
  return claims.exp * 1000 + CLOCK_TOLERANCE;
}
