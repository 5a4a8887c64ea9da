import type { OptionNames } from "../../lib/options.ts";
import { checkSecret, show } from "../link/options.ts";

/** How a node proves its identity, and what it requires of its peers. Exactly one of the three is set. */
export interface CredentialOptions {
  /**
   * The secret that all servers of the cluster share, at least 16 characters. It is never sent: both
   * sides of a connection prove to each other that they have it. A program with the secret can speak
   * for any node, so the secret does not belong in a browser.
   */
  secret?: string;
  /**
   * For a node without the secret, for example in a browser: returns a short-lived token for this node,
   * made by `nodeToken` on a server. Called before each connection.
   */
  token?: () => string | Promise<string>;
  /** `true` turns authentication off: any program that reaches this node may speak for any node. */
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
  | { readonly kind: "secret"; readonly secret: string }
  | { readonly kind: "token"; readonly token: () => string | Promise<string> }
  | { readonly kind: "insecure" };

/**
 * Checks the options of the function `caller`; throws a `TypeError` that names the option. The message
 * contains no received secret or token.
 */
export function checkCredentials(caller: string, options: CredentialOptions): Credentials {
  const { secret, token, insecure } = options;
  if (insecure !== undefined && typeof insecure !== "boolean") {
    throw new TypeError(`${caller}: insecure must be true or false, got ${show(insecure)}`);
  }
  const given = [
    secret !== undefined ? "secret" : null,
    token !== undefined ? "token" : null,
    insecure === true ? "insecure" : null,
  ].filter((name) => name !== null);
  if (given.length > 1) {
    throw new TypeError(
      `${caller}: only one of secret, token, insecure, got ${given.join(" and ")}`,
    );
  }
  if (secret !== undefined) return { kind: "secret", secret: checkSecret(caller, secret) };
  if (token !== undefined) {
    if (typeof token !== "function") {
      throw new TypeError(
        `${caller}: token must be a function that returns one, got ${typeof token}`,
      );
    }
    return { kind: "token", token };
  }
  if (insecure === true) return { kind: "insecure" };
  throw new TypeError(
    `${caller}: secret (at least 16 characters) or token is required, unless insecure is true`,
  );
}
