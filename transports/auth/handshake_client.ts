import type { Credentials } from "./credentials.ts";
import {
  type Challenge,
  type Hello,
  isChallenge,
  isProof,
  makeNonce,
  type Proof,
  VERSION,
} from "./handshake.ts";
import { checkProof, makeProof } from "./proof.ts";
import { HandshakeError } from "./handshake_error.ts";

/** The connecting side of the handshake, for one connection. */
export class HandshakeClient {
  readonly #self: string;
  readonly #peer: string;
  readonly #cluster: string;
  readonly #credentials: Credentials;
  #hello: Hello | null = null;
  #challenge: Challenge | null = null;

  /** For a connection of the node `self` to `peer`. */
  constructor(self: string, peer: string, cluster: string, credentials: Credentials) {
    this.#self = self;
    this.#peer = peer;
    this.#cluster = cluster;
    this.#credentials = credentials;
  }

  /** The first message. */
  hello(): Hello {
    return this.#hello = {
      synod: VERSION,
      cluster: this.#cluster,
      id: this.#self,
      to: this.#peer,
      nonce: makeNonce(),
    };
  }

  /** The answer to a challenge. Rejects with a {@linkcode HandshakeError} if the other side violates the handshake. */
  async answer(challenge: unknown): Promise<Proof> {
    const hello = this.#hello;
    if (hello === null || this.#challenge !== null || !isChallenge(challenge)) {
      throw new HandshakeError("the other side violates the handshake");
    }
    if (this.#credentials.kind !== "secret") {
      throw new HandshakeError("the other side asks for a proof, and this node has no secret");
    }
    this.#challenge = challenge;
    const keys = await this.#credentials.keys();
    return { proof: await makeProof(keys, "connect", hello, challenge) };
  }

  /**
   * Must be called with the message by which the other side admits this node. Rejects with a
   * {@linkcode HandshakeError} if it does not prove that it has the secret, and should.
   */
  async welcomed(welcome: unknown): Promise<void> {
    if (this.#credentials.kind !== "secret") return;
    const [hello, challenge] = [this.#hello, this.#challenge];
    if (hello === null || challenge === null || !isProof(welcome)) {
      throw new HandshakeError("the other side has not proven that it has the secret");
    }
    const keys = await this.#credentials.keys();
    await checkProof(welcome.proof, keys, "accept", hello, challenge);
  }
}
