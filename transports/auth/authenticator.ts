import type { Credentials } from "./credentials.ts";
import type { Keys } from "./keys.ts";
import { type Challenge, type Hello, isHello, isProof, makeNonce } from "./handshake.ts";
import { checkProof, makeProof } from "./proof.ts";
import { HandshakeError } from "./handshake_error.ts";
import { endOf, verifyToken } from "./token.ts";

/** The result of a successful handshake. */
export interface AdmittedPeer {
  /** The authenticated id of the peer: all frames of the connection are attributed to it. */
  readonly id: string;
  /** When the admission expires, in milliseconds since 1970; `Infinity` if it does not. */
  readonly until: number;
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
  readonly #isServer: (id: string) => boolean;

  /**
   * Guards one node. `isServer` tells which ids are those of members and other servers: they prove that they
   * have the secret, and no token is accepted for them.
   */
  constructor(
    self: string,
    cluster: string,
    credentials: Credentials,
    isServer: (id: string) => boolean,
  ) {
    this.#self = self;
    this.#cluster = cluster;
    this.#credentials = credentials;
    this.#isServer = isServer;
  }

  /** Admits the sender of a hello, or returns a challenge for it. Rejects with a {@linkcode HandshakeError}. */
  async answerHello(hello: unknown): Promise<AdmittedPeer | Challenged> {
    if (!isHello(hello)) throw new HandshakeError("that is no hello");
    if (hello.cluster !== this.#cluster) throw new HandshakeError("this is another cluster");
    if (hello.to !== this.#self) throw new HandshakeError(`this is the node ${this.#self}`);
    if (hello.id === this.#self) throw new HandshakeError("this node has that id itself");
    switch (this.#credentials.kind) {
      case "insecure":
        return { id: hello.id, until: Infinity };
      case "token":
        throw new HandshakeError("this node has no secret, so it cannot verify its peers");
      case "secret":
        if (hello.token === undefined) {
          return { hello, challenge: { id: this.#self, nonce: makeNonce() } };
        }
        return await this.#admitByToken(hello, hello.token, await this.#credentials.keys());
    }
  }

  async #admitByToken({ id }: Hello, token: string, keys: Keys): Promise<AdmittedPeer> {
    if (this.#isServer(id)) {
      throw new HandshakeError(`${id} is the id of a server, which has no token`);
    }
    const claims = await verifyToken(token, keys, this.#cluster);
    if (claims.sub !== id) throw new HandshakeError("the token is for another node");
    return { id, until: endOf(claims) };
  }

  /** Admits the peer if `answer` is a valid proof. Rejects with a {@linkcode HandshakeError}. */
  async verifyProof({ hello, challenge }: Challenged, answer: unknown): Promise<AdmittedPeer> {
    if (!isProof(answer)) throw new HandshakeError("there is no proof");
    if (this.#credentials.kind !== "secret") throw new HandshakeError("no proof was requested");
    const keys = await this.#credentials.keys();
    await checkProof(answer.proof, keys, "connect", hello, challenge);
    const proof = await makeProof(keys, "accept", hello, challenge);
    return { id: hello.id, until: Infinity, proof };
  }
}
