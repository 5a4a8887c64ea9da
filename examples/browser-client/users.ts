import type { Context } from "hono";
import { getSignedCookie, setSignedCookie } from "hono/cookie";

const COOKIE = "user";

/**
 * Identifies the user of a browser. Instead of a login, each browser gets a name at its first visit, in
 * a signed cookie, so no user can take the name of another.
 */
export class Users {
  readonly #key: string;

  /** `secret` signs the cookies. */
  constructor(secret: string) {
    // Not the secret itself: a signature for one purpose must be useless for another.
    this.#key = `cookie of ${secret}`;
  }

  /** Gives a new visitor a name. */
  async welcome(context: Context): Promise<void> {
    if (await this.of(context) !== null) return;
    const name = `guest-${crypto.randomUUID().slice(0, 8)}`;
    await setSignedCookie(context, COOKIE, name, this.#key, {
      httpOnly: true,
      sameSite: "Strict",
      path: "/",
      // Behind TLS also `secure: true`.
    });
  }

  /** The name of the user, or `null`. */
  async of(context: Context): Promise<string | null> {
    const name = await getSignedCookie(context, this.#key, COOKIE);
    return name === undefined || name === false ? null : name;
  }
}
