import { sign, verify } from "hono/jwt";
import { Refusal } from "./refusal.ts";

/** The tolerated difference between two clocks, in milliseconds. */
const CLOCK_TOLERANCE = 60_000;

/** The longest token, in characters; a longer one is refused before its signature is computed. */
export const MAX_TOKEN = 4_096;

/** The claims of a token. Times are in seconds since 1970, as in all JSON Web Tokens. */
export interface Claims {
  /** The name of the cluster. */
  readonly aud: string;
  /** The id of the node that the token is for. */
  readonly sub: string;
  /** When the token was made. */
  readonly iat: number;
  /** When the token expires. */
  readonly exp: number;
  /** Other signed claims; not checked yet. */
  readonly [claim: string]: unknown;
}

/** Signs claims about the node `id` that are valid for `lifetime` milliseconds. */
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
 * The claims of a token that is signed with `secret`, is for this cluster and is valid now. Rejects with
 * a {@linkcode Refusal} otherwise.
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
    // The checks of time in Hono have no tolerance, so they are off and follow below. The algorithm is
    // fixed here: a token that names another one, for example "none", is refused.
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

/** When a connection that was opened with this token must end, in milliseconds since 1970. */
export function endOf(claims: Claims): number {
  return claims.exp * 1000 + CLOCK_TOLERANCE;
}
