import type { Credentials } from "./credentials.ts";
import { type Challenge, type Hello, isHello, isProof, makeNonce } from "./handshake.ts";
import { checkNodeToken, checkProof, makeProof } from "./proof.ts";
import { Refusal } from "./refusal.ts";
import { endOf } from "./token.ts";

/** The result of a successful handshake. */
export interface Admission {
  /** The authenticated id of the peer: all frames of the connection are attributed to it. */
  readonly id: string;
  /** When the admission expires, in milliseconds since 1970; `Infinity` if it does not. */
  readonly until: number;
}

/** A hello and the challenge that answered it, kept until the proof arrives. */
export interface Challenged {
  readonly hello: Hello;
  readonly challenge: Challenge;
}

/** The accepting side of the handshake: decides which peers may speak to the node `self`. */
export class Guard {
  readonly #self: string;
  readonly #cluster: string;
  readonly #credentials: Credentials;

  /** Guards one node. */
  constructor(self: string, cluster: string, credentials: Credentials) {
    this.#self = self;
    this.#cluster = cluster;
    this.#credentials = credentials;
  }

  /** Admits the sender of a hello, or returns a challenge for it. Rejects with a {@linkcode Refusal}. */
  async greet(hello: unknown): Promise<Admission | Challenged> {
    if (!isHello(hello)) throw new Refusal("that is no hello");
    if (hello.cluster !== this.#cluster) throw new Refusal("this is another cluster");
    if (hello.to !== this.#self) throw new Refusal(`this is the node ${this.#self}`);
    if (hello.id === this.#self) throw new Refusal("this node has that id itself");
    switch (this.#credentials.kind) {
      case "insecure":
        return { id: hello.id, until: Infinity };
      case "token":
        throw new Refusal("this node has no secret, so it cannot verify its peers");
      case "secret": {
        const { secret } = this.#credentials;
        if (hello.token !== undefined) {
          const claims = await checkNodeToken(hello.token, secret, this.#cluster, hello.id);
          return { id: hello.id, until: endOf(claims) };
        }
        const nonce = makeNonce();
        const proof = await makeProof(secret, "accept", this.#self, hello.id, hello, { nonce });
        return { hello, challenge: { id: this.#self, nonce, proof } };
      }
    }
  }

  /** Admits the peer if `answer` is a valid proof. Rejects with a {@linkcode Refusal}. */
  async admit({ hello, challenge }: Challenged, answer: unknown): Promise<Admission> {
    if (!isProof(answer)) throw new Refusal("there is no token");
    if (this.#credentials.kind !== "secret") throw new Refusal("no proof was requested");
    const { secret } = this.#credentials;
    await checkProof(answer.proof, secret, "connect", hello.id, this.#self, hello, challenge);
    return { id: hello.id, until: Infinity };
  }
}
