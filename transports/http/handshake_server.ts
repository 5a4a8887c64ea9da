import type { AdmittedPeer, Authenticator, Challenged } from "../auth/authenticator.ts";
import { isObject } from "../auth/handshake.ts";
import { HandshakeError } from "../auth/handshake_error.ts";

/** Challenges that may wait for their proof; above that the oldest are forgotten. */
const MAX_CHALLENGES = 4_096;

/** The time a challenge waits for its proof, in milliseconds. */
const CHALLENGE_LIFETIME = 10_000;

/** The accepting side of the handshake over HTTP, where it takes two requests. */
export class HandshakeServer {
  readonly #authenticator: Authenticator;
  /** By the nonce of the challenge, the oldest first. */
  readonly #waiting = new Map<string, Challenged & { readonly since: number }>();

  /** `authenticator` decides which nodes are admitted. */
  constructor(authenticator: Authenticator) {
    this.#authenticator = authenticator;
  }

  /** Admits the sender of `message`, or returns a challenge. Rejects with a {@linkcode HandshakeError}. */
  async handle(message: unknown): Promise<AdmittedPeer | Challenged> {
    if (isObject(message) && "proof" in message) {
      const challenged = this.#take(message.nonce);
      return await this.#authenticator.verifyProof(challenged, message);
    }
    const answer = await this.#authenticator.answerHello(message);
    if ("challenge" in answer) this.#keep(answer);
    return answer;
  }

  #keep(challenged: Challenged): void {
    const now = performance.now();
    this.#waiting.set(challenged.challenge.nonce, { ...challenged, since: now });
    for (const [nonce, { since }] of this.#waiting) {
      if (this.#waiting.size <= MAX_CHALLENGES && now - since < CHALLENGE_LIFETIME) break;
      this.#waiting.delete(nonce);
    }
  }

  /** Removes and returns a challenge: each is valid once. */
  #take(nonce: unknown): Challenged {
    const challenged = typeof nonce === "string" ? this.#waiting.get(nonce) : undefined;
    if (challenged === undefined || performance.now() - challenged.since >= CHALLENGE_LIFETIME) {
      throw new HandshakeError("this proof was not requested, or too long ago");
    }
    this.#waiting.delete(challenged.challenge.nonce);
    return challenged;
  }
}
