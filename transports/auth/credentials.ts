import type { OptionNames } from "../../lib/options.ts";
import { type Keys, keysOf } from "./keys.ts";
import { checkSecret } from "./secret.ts";

/** How a node proves its identity, and what it requires of its peers. Exactly one of the two is set. */
export interface CredentialOptions {
  /**
   * The secret that all servers of the cluster share: 32 random bytes, for example the output of
   * `openssl rand -base64 32`. A guessable one is refused. It is never sent: both sides of a connection
   * prove to each other that they have it. A program with the secret can speak for any node, so the
   * secret does not belong in a browser: a browser is a guest, see `connect` of `@synod/synod/guest`.
   */
  secret?: string;
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
  insecure: true,
};

/** Checked {@linkcode CredentialOptions}. */
export type Credentials =
  | {
    readonly kind: "secret";
    /** Derives the keys on the first call. */
    readonly keys: () => Promise<Keys>;
  }
  | { readonly kind: "insecure" };

/** Throws a `TypeError` if the options of the function `caller` have a token: that makes a guest, and no node. */
export function refuseToken(caller: string, options: object): void {
  if (!("token" in options) || options.token === undefined) return;
  throw new TypeError(
    `${caller}: token does not make a member or a client; a program without the secret is a guest: use connect({ servers, token }) of @synod/synod/guest`,
  );
}

/** Begins to derive the keys, so that they are there when the first connection needs them. */
export function prepare(credentials: Credentials): void {
  // The first connection reports a failure.
  if (credentials.kind === "secret") credentials.keys().catch(() => {});
}

/**
 * Checks the options of the function `caller` in this cluster; throws a `TypeError` that names the option.
 * The message contains no received secret.
 */
export function checkCredentials(
  caller: string,
  cluster: string,
  options: CredentialOptions,
): Credentials {
  const { secret, insecure } = options;
  if (insecure !== undefined && typeof insecure !== "boolean") {
    throw new TypeError(`${caller}: insecure must be true or false, received ${typeof insecure}`);
  }
  if (secret !== undefined && insecure === true) {
    throw new TypeError(`${caller}: only one of secret, insecure, received both`);
  }
  if (secret !== undefined) {
    const checked = checkSecret(caller, secret);
    return { kind: "secret", keys: () => keysOf(checked, cluster) };
  }
  if (insecure === true) return { kind: "insecure" };
  throw new TypeError(`${caller}: secret is required, unless insecure is true`);
}
