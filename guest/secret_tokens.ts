import { keysOf } from "../transports/auth/keys.ts";
import { checkSecret } from "../transports/auth/secret.ts";
import { signToken } from "../transports/auth/token.ts";

/** The lifetime of a token that a guest with the secret makes itself, in milliseconds. */
const LIFETIME = 60_000;

/**
 * Makes tokens for a guest that knows the secret of the cluster. Throws a `TypeError` for a secret that is no
 * string or easy to guess; its text contains no secret.
 */
export function secretTokens(secret: string, cluster: string): (id: string) => Promise<string> {
  const checked = checkSecret("connect", secret);
  return async (id) => await signToken(await keysOf(checked, cluster), cluster, id, LIFETIME);
}
