import { fail } from "@std/assert";
import type { Lock } from "../../../mod.ts";

/**
 * A resource protected by a lock: detects two owners inside at the same time, and tokens that do not grow.
 */
export class Turnstile {
  /** The number of passes so far. */
  turns = 0;
  #inside = 0;
  #token = 0;

  /** Enters with `lock`, stays for a few turns of the event loop, and leaves. */
  async pass(lock: Lock): Promise<void> {
    if (!lock.held) fail("it is not held");
    if (++this.#inside > 1) fail(`${this.#inside} are inside`);
    if (lock.token <= this.#token) fail(`token ${lock.token} comes after ${this.#token}`);
    this.#token = lock.token;
    await new Promise((resolve) => setTimeout(resolve));
    if (!lock.held) fail("it is not held any more");
    this.#inside--;
    this.turns++;
  }
}
