import { keysOf } from "../transports/auth/keys.ts";
import { checkSecret } from "../transports/auth/secret.ts";
import { signToken } from "../transports/auth/token.ts";

/** The lifetime of a token that a guest with the secret makes itself, in milliseconds. */
const LIFETIME = 60_000;

/** The age from which it makes another one: well before the end, since clocks differ. */
const RENEWED_AFTER = 30_000;

/** The options of a guest that say how it proves its id. */
export interface ProofOptions {
  readonly token?: () => string | Promise<string>;
  readonly secret?: string;
  readonly insecure?: boolean;
}

/** How a guest proves its id. */
export interface Proof {
  /** The name of the cluster. */
  readonly cluster: string;
  /**
   * A token for a connection; `undefined`: none is needed. `isNew`: the one before was refused, or a connection
   * begins. Rejects with the error of the user's function.
   */
  token(id: string, isNew: boolean): Promise<string | undefined>;
}

/** Checks the options; throws a `TypeError` that names the option, and contains no secret. */
export function checkProof(
  { token, secret, insecure }: ProofOptions,
  cluster: string,
): Proof {
  if (insecure !== undefined && typeof insecure !== "boolean") {
    throw new TypeError(`connect: insecure must be true or false, received ${typeof insecure}`);
  }
  const given = Object.entries({ token, secret, insecure: insecure || undefined })
    .filter(([, value]) => value !== undefined).map(([name]) => name);
  if (given.length > 1) {
    throw new TypeError(
      `connect: only one of token, secret, insecure, received ${given.join(" and ")}`,
    );
  }
  if (token !== undefined) {
    if (typeof token !== "function") {
      throw new TypeError(
        `connect: token must be a function that returns one, received ${typeof token}`,
      );
    }
    return { cluster, token: remembered(Infinity, () => token()) };
  }
  if (secret !== undefined) {
    const checked = checkSecret("connect", secret);
    const make = async (id: string) =>
      await signToken(await keysOf(checked, cluster), cluster, id, LIFETIME);
    return { cluster, token: remembered(RENEWED_AFTER, make) };
  }
  if (insecure === true) return { cluster, token: () => Promise.resolve(undefined) };
  throw new TypeError("connect: token or secret is required, unless insecure is true");
}

/** A function that makes a token when a new one is wanted, or the last one is older than `time`. */
function remembered(
  time: number,
  make: (id: string) => string | Promise<string>,
): Proof["token"] {
  let last: { readonly token: string; readonly at: number } | undefined;
  return async (id, isNew) => {
    if (isNew || last === undefined || Date.now() - last.at > time) {
      const token: unknown = await make(id);
      if (typeof token !== "string" || token === "") {
        throw new TypeError(`the token function returned no token but ${typeof token}`);
      }
      last = { token, at: Date.now() };
    }
    return last.token;
  };
}
