/** The age from which a token made of the secret is replaced, in milliseconds: half of its lifetime. */
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
  /** What a server says, without the token: it may repeat it. */
  hide(text: string): string;
}

/**
 * Checks the options; rejects with a `TypeError` that names the option, and contains no secret. Pages have a token,
 * so only a guest with a secret loads what makes tokens.
 */
export async function checkProof(
  { token, secret, insecure }: ProofOptions,
  cluster: string,
): Promise<Proof> {
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
    return remembered(cluster, Infinity, () => token());
  }
  if (secret !== undefined) {
    const { secretTokens } = await import("./secret_tokens.ts");
    return remembered(cluster, RENEWED_AFTER, secretTokens(secret, cluster));
  }
  if (insecure === true) {
    return { cluster, token: () => Promise.resolve(undefined), hide: (text) => text };
  }
  throw new TypeError("connect: token or secret is required, unless insecure is true");
}

/** A proof that makes a token when a new one is wanted, or the last one is older than `time`. */
function remembered(
  cluster: string,
  time: number,
  make: (id: string) => string | Promise<string>,
): Proof {
  let last = { token: "", at: -Infinity };
  return {
    cluster,
    async token(id, isNew) {
      if (isNew || last.token === "" || Date.now() - last.at > time) {
        const token: unknown = await make(id);
        if (typeof token !== "string" || token === "") {
          throw new TypeError(`the token function returned no token but ${typeof token}`);
        }
        last = { token, at: Date.now() };
      }
      return last.token;
    },
    hide: (text) =>
      text.replace(/[\w.-]{16,}/g, (word) => {
        const { token } = last;
        return token.includes(word) || word.includes(token) ? "(the token)" : word;
      }),
  };
}
