import type { OptionNames } from "../../lib/options.ts";
import { type Keys, keysOf } from "./keys.ts";
import { checkSecret } from "./secret.ts";

/** How a node proves its identity, and what it requires of its peers. Exactly one of the three is set. */
export interface CredentialOptions {
  /**
   * The secret that all servers of the cluster share: 32 random bytes, for example the output of
   * `openssl rand -base64 32`. A guessable one is refused. It is never sent: both sides of a connection
   * prove to each other that they have it. A program with the secret can speak for any node, so the
   * secret does not belong in a browser.
   */
  secret?: string;
  /**
   * For a node without the secret, for example in a browser: returns a short-lived token for this node,
   * made by `nodeToken` on a server. Called before each connection.
   */
  token?: () => string | Promise<string>;
  /**
   * `true` turns authentication off: any program that can reach the address of this node may speak for any
   * node, read and change everything, and stop the cluster. Pages of other origins are refused; so are pages
   * at a host name with a dot, unless it is this node's own in `peers`, since the owner of a name can point it
   * at this node. For tests, and for networks in which every program is trusted.
   */
  insecure?: boolean;
}

/** The names of {@linkcode CredentialOptions}. */
export const CREDENTIALS: OptionNames<CredentialOptions> = {
  secret: true,
  token: true,
  insecure: true,
};

/** Checked {@linkcode CredentialOptions}. */
export type Credentials =
  | {
    readonly kind: "secret";
    /** Derives the keys on the first call. */
    readonly keys: () => Promise<Keys>;
  }
  | { readonly kind: "token"; readonly token: () => string | Promise<string> }
  | { readonly kind: "insecure" };

/** Begins to derive the keys, so that they are there when the first connection needs them. */
export function prepare(credentials: Credentials): void {
  // The first connection reports a failure.
  if (credentials.kind === "secret") credentials.keys().catch(() => {});
}

/**
 * Checks the options of the function `caller` in this cluster; throws a `TypeError` that names the option.
 * The message contains no received secret or token.
 */
export function checkCredentials(
  caller: string,
  cluster: string,
  options: CredentialOptions,
): Credentials {
  const { secret, token, insecure } = options;
  if (insecure !== undefined && typeof insecure !== "boolean") {
    throw new TypeError(`${caller}: insecure must be true or false, received ${typeof insecure}`);
  }
  const given = [
    secret !== undefined ? "secret" : null,
    token !== undefined ? "token" : null,
    insecure === true ? "insecure" : null,
  ].filter((name) => name !== null);
  if (given.length > 1) {
    throw new TypeError(
      `${caller}: only one of secret, token, insecure, received ${given.join(" and ")}`,
    );
  }
  if (secret !== undefined) {
    const checked = checkSecret(caller, secret);
    return { kind: "secret", keys: () => keysOf(checked, cluster) };
  }
  if (token !== undefined) {
    if (typeof token !== "function") {
      throw new TypeError(
        `${caller}: token must be a function that returns one, received ${typeof token}`,
      );
    }
    return { kind: "token", token };
  }
  if (insecure === true) return { kind: "insecure" };
  throw new TypeError(
    `${caller}: secret or token is required, unless insecure is true`,
  );
}
