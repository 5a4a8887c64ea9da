import type { Credentials } from "./credentials.ts";
import { type Challenge, type Hello, isHello, isProof, makeNonce } from "./handshake.ts";
import { checkNodeToken, checkProof, makeProof } from "./proof.ts";
import { Refusal } from "./refusal.ts";
import { endOf } from "./token.ts";

/** Who was let in. */
export interface Admission {
  /** The node at the other end: whatever comes from there is its word. */
  readonly id: string;
  /** Until when, in milliseconds since 1970; `Infinity` if there is no end. */
  readonly until: number;
}

/** A hello that was answered by a challenge, both kept until the proof comes. */
export interface Challenged {
  readonly hello: Hello;
  readonly challenge: Challenge;
}

/** The accepting side of the handshake: decides who may speak to the node `self`. */
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

  /** Lets in who said hello, or asks for a proof. Rejects with a {@linkcode Refusal}. */
  async greet(hello: unknown): Promise<Admission | Challenged> {
    if (!isHello(hello)) throw new Refusal("that is no hello");
    if (hello.cluster !== this.#cluster) throw new Refusal("this is another cluster");
    if (hello.to !== this.#self) throw new Refusal(`this is the node ${this.#self}`);
    if (hello.id === this.#self) throw new Refusal("this node has that id itself");
    switch (this.#credentials.kind) {
      case "insecure":
        return { id: hello.id, until: Infinity };
      case "token":
        throw new Refusal("this node has no secret, so it cannot tell who speaks");
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

  /** Lets in who answered the challenge with a proof. Rejects with a {@linkcode Refusal}. */
  async admit({ hello, challenge }: Challenged, answer: unknown): Promise<Admission> {
    if (!isProof(answer)) throw new Refusal("there is no token");
    if (this.#credentials.kind !== "secret") throw new Refusal("nobody asked for a proof");
    const { secret } = this.#credentials;
    await checkProof(answer.proof, secret, "connect", hello.id, this.#self, hello, challenge);
    return { id: hello.id, until: Infinity };
  }
}
