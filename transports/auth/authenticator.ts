import type { Credentials } from "./credentials.ts";
import { type Challenge, type Hello, isHello, isProof, makeNonce } from "./handshake.ts";
import { checkProof, makeProof } from "./proof.ts";
import { HandshakeError } from "./handshake_error.ts";

/** The result of a successful handshake. */
export interface AdmittedPeer {
  /** The authenticated id of the peer: all frames of the connection are attributed to it. */
  readonly id: string;
  /** The proof for the welcome; none if the peer has sent none. */
  readonly proof?: string;
}

/** A hello and the challenge that answered it, kept until the proof arrives. */
export interface Challenged {
  readonly hello: Hello;
  readonly challenge: Challenge;
}

/** The accepting side of the handshake: decides which peers may speak to the node `self`. */
export class Authenticator {
  readonly #self: string;
  readonly #cluster: string;
  readonly #credentials: Credentials;

  /** Guards one node. */
  constructor(self: string, cluster: string, credentials: Credentials) {
    this.#self = self;
    this.#cluster = cluster;
    this.#credentials = credentials;
  }

  /** Admits the sender of a hello, or returns a challenge for it. Rejects with a {@linkcode HandshakeError}. */
  // deno-lint-ignore require-await -- what is wrong rejects
  async answerHello(hello: unknown): Promise<AdmittedPeer | Challenged> {
    if (!isHello(hello)) throw new HandshakeError("that is no hello");
    if (hello.cluster !== this.#cluster) throw new HandshakeError("this is another cluster");
    if (hello.to !== this.#self) throw new HandshakeError(`this is the node ${this.#self}`);
    if (hello.id === this.#self) throw new HandshakeError("this node has that id itself");
    if (hello.token !== undefined) throw new HandshakeError("a token makes a guest, and no node");
    if (this.#credentials.kind === "insecure") return { id: hello.id };
    return { hello, challenge: { id: this.#self, nonce: makeNonce() } };
  }

  /** Admits the peer if `answer` is a valid proof. Rejects with a {@linkcode HandshakeError}. */
  async verifyProof({ hello, challenge }: Challenged, answer: unknown): Promise<AdmittedPeer> {
    if (!isProof(answer)) throw new HandshakeError("there is no proof");
    if (this.#credentials.kind !== "secret") throw new HandshakeError("no proof was requested");
    const keys = await this.#credentials.keys();
    await checkProof(answer.proof, keys, "connect", hello, challenge);
    const proof = await makeProof(keys, "accept", hello, challenge);
    return { id: hello.id, proof };
  }
}
