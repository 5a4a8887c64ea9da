import type { Context } from "hono";
import { getSignedCookie, setSignedCookie } from "hono/cookie";

const COOKIE = "user";

/**
 * Who is at the browser. In place of a login everybody gets a name at their first visit, in a cookie
 * that is signed: so nobody can take another's.
 */
export class Users {
  readonly #key: string;

  /** `secret` signs the cookies. */
  constructor(secret: string) {
    // Not the secret itself: what is signed for one purpose must be of no use for another.
    this.#key = `cookie of ${secret}`;
  }

  /** Gives whoever has no name one. */
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

  /** Who is there, or `null`. */
  async of(context: Context): Promise<string | null> {
    const name = await getSignedCookie(context, this.#key, COOKIE);
    return name === undefined || name === false ? null : name;
  }
}
