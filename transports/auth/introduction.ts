import type { Credentials } from "./credentials.ts";
import { type Hello, isChallenge, makeNonce, type Proof, VERSION } from "./handshake.ts";
import { checkProof, makeProof } from "./proof.ts";
import { Refusal } from "./refusal.ts";

/** The connecting side of the handshake, for one connection. */
export class Introduction {
  readonly #self: string;
  readonly #peer: string;
  readonly #cluster: string;
  readonly #credentials: Credentials;
  #hello: Hello | null = null;
  #proven = false;

  /** For a connection of the node `self` to `peer`. */
  constructor(self: string, peer: string, cluster: string, credentials: Credentials) {
    this.#self = self;
    this.#peer = peer;
    this.#cluster = cluster;
    this.#credentials = credentials;
  }

  /**
   * The first message. Rejects with the error of the user's `token` function, or with a
   * {@linkcode Refusal} if that function did not return a token.
   */
  async hello(): Promise<Hello> {
    const { kind } = this.#credentials;
    const token = kind === "token" ? await this.#credentials.token() : undefined;
    if (kind === "token" && (typeof token !== "string" || token === "")) {
      throw new Refusal(`the token function returned no token but ${typeof token}`);
    }
    return this.#hello = {
      synod: VERSION,
      cluster: this.#cluster,
      id: this.#self,
      to: this.#peer,
      nonce: makeNonce(),
      ...token === undefined ? {} : { token },
    };
  }

  /** The answer to a challenge. Rejects with a {@linkcode Refusal} if the other side is not the peer. */
  async answer(challenge: unknown): Promise<Proof> {
    const hello = this.#hello;
    if (hello === null || this.#proven || !isChallenge(challenge)) {
      throw new Refusal("the other side violates the handshake");
    }
    if (this.#credentials.kind !== "secret") {
      throw new Refusal("the other side asks for a proof, and this node has no secret");
    }
    const { secret } = this.#credentials;
    const [self, peer] = [this.#self, this.#peer];
    await checkProof(challenge.proof, secret, "accept", peer, self, hello, challenge);
    this.#proven = true;
    return { proof: await makeProof(secret, "connect", self, peer, hello, challenge) };
  }

  /**
   * Must be called when the other side admits this node. Throws a {@linkcode Refusal} if that side
   * has not proven first that it has the secret, and should have.
   */
  welcomed(): void {
    if (this.#credentials.kind === "secret" && !this.#proven) {
      throw new Refusal("the other side has not proven that it has the secret");
    }
  }
}
