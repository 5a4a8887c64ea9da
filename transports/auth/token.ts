import type { Keys } from "./keys.ts";
import { fromBase64Url, sign, toBase64Url, verify } from "./mac.ts";
import { HandshakeError } from "./handshake_error.ts";

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

/** The only header of a token: what a token says of its algorithm is not believed, but compared. */
const HEADER = encode({ alg: "HS256", typ: "JWT" });

/** Signs claims about the node `id` that are valid for `lifetime` milliseconds. */
export async function signToken(
  keys: Keys,
  cluster: string,
  id: string,
  lifetime: number,
  more: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const now = Date.now();
  const [iat, exp] = [Math.floor(now / 1000), Math.ceil((now + lifetime) / 1000)];
  const signed = `${HEADER}.${encode({ ...more, aud: cluster, sub: id, iat, exp })}`;
  return `${signed}.${await sign(keys.token, signed)}`;
}

/**
 * The claims of a token that is signed with the secret of `keys`, is for this cluster and is valid now.
 * Rejects with a {@linkcode HandshakeError} otherwise.
 */
export async function verifyToken(token: unknown, keys: Keys, cluster: string): Promise<Claims> {
  if (typeof token !== "string" || token === "") throw new HandshakeError("there is no token");
  if (token.length > MAX_TOKEN) throw new HandshakeError("the token is too long");
  const [header, claims, signature, ...rest] = token.split(".");
  if (header !== HEADER || signature === undefined || rest.length > 0) {
    throw new HandshakeError("the token is no HS256 token of nodeToken");
  }
  if (!await verify(keys.token, `${header}.${claims}`, signature)) {
    throw new HandshakeError("the token was not signed with the secret of this cluster");
  }
  return checkClaims(decode(claims), cluster);
}

function checkClaims(claims: Readonly<Record<string, unknown>>, cluster: string): Claims {
  const { aud, sub, iat, nbf, exp } = claims;
  if (aud !== cluster) throw new HandshakeError("the token is for another cluster");
  if (typeof sub !== "string") throw new HandshakeError("the token names no node");
  const now = Date.now();
  if (typeof exp !== "number" || !(exp * 1000 + CLOCK_TOLERANCE > now)) {
    throw new HandshakeError("the token has expired, or the clocks differ");
  }
  for (const start of [iat, nbf]) {
    if (start === undefined) continue;
    if (typeof start !== "number" || !(start * 1000 - CLOCK_TOLERANCE <= now)) {
      throw new HandshakeError("the token is from the future, or the clocks differ");
    }
  }
  return { ...claims, aud, sub, iat: typeof iat === "number" ? iat : 0, exp };
}

/** When a connection that was opened with this token must end, in milliseconds since 1970. */
export function endOf(claims: Claims): number {
  return claims.exp * 1000 + CLOCK_TOLERANCE;
}

function encode(part: unknown): string {
  return toBase64Url(new TextEncoder().encode(JSON.stringify(part)));
}

/** A part that was signed with the secret; so it is JSON, unless another program signs with the same key. */
function decode(part: string): Record<string, unknown> {
  try {
    const value = JSON.parse(new TextDecoder().decode(fromBase64Url(part) ?? undefined));
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
