import { estimateBits } from "./entropy.ts";

/** The least entropy of a secret, in bits, as far as it can be estimated. See docs/operating.md. */
const MIN_BITS = 80;

/** Checks a secret; throws a `TypeError` that says how to make one. The message does not contain the secret. */
export function checkSecret(caller: string, secret: unknown): string {
  if (typeof secret !== "string") {
    throw new TypeError(`${caller}: secret must be a string, received ${typeof secret}. ${ADVICE}`);
  }
  if (estimateBits(secret) < MIN_BITS) {
    throw new TypeError(
      `${caller}: secret is too easy to guess (${secret.length} characters). ${ADVICE}`,
    );
  }
  return secret;
}

const ADVICE = "Make one of 32 random bytes, the same for all servers: openssl rand -base64 32";
