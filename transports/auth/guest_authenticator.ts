import { isNodeId } from "../../lib/codec/names.ts";
import { LIFE_PATTERN } from "../../lib/paxos/ballot.ts";
import type { GuestProof } from "../guests.ts";
import type { Credentials } from "./credentials.ts";
import { isObject } from "./handshake.ts";
import { HandshakeError } from "./handshake_error.ts";
import { endOf, verifyToken } from "./token.ts";
import { VERSION } from "./version.ts";

/** The result of a guest's handshake. */
export interface AdmittedGuest {
  readonly proof: GuestProof;
  /** When the admission expires, in milliseconds since 1970; `Infinity` if it does not. */
  readonly until: number;
}

/** Decides which guests may speak to this node's gateway (section 13). */
export class GuestAuthenticator {
  readonly #cluster: string;
  readonly #credentials: Credentials;
  readonly #isServer: (id: string) => boolean;

  /** `isServer` tells which ids are those of members and other servers: no guest has one of them. */
  constructor(cluster: string, credentials: Credentials, isServer: (id: string) => boolean) {
    this.#cluster = cluster;
    this.#credentials = credentials;
    this.#isServer = isServer;
  }

  /**
   * Admits the sender of `{ synod, cluster, guest, life, token? }`. Rejects with a {@linkcode HandshakeError}. Without
   * authentication a guest is taken at its word.
   */
  async admit(hello: unknown): Promise<AdmittedGuest> {
    if (!isGuestHello(hello)) throw new HandshakeError("that is no hello of a guest");
    const { synod, cluster, guest: id, life, token } = hello;
    if (synod !== VERSION) {
      throw new HandshakeError(
        `this node speaks version ${VERSION} of the handshake, not ${synod}`,
      );
    }
    if (cluster !== this.#cluster) throw new HandshakeError("this is another cluster");
    if (this.#isServer(id)) throw new HandshakeError(`${id} is the id of a server, and no guest's`);
    if (this.#credentials.kind === "insecure") {
      return { proof: { id, life, claims: {} }, until: Infinity };
    }
    const claims = await verifyToken(token, await this.#credentials.keys(), this.#cluster);
    if (claims.sub !== id) throw new HandshakeError("the token is for another id");
    const own = isObject(claims.claims) && !Array.isArray(claims.claims) ? claims.claims : {};
    return { proof: { id, life, claims: own }, until: endOf(claims) };
  }
}

interface GuestHello {
  readonly synod: number;
  readonly cluster: string;
  readonly guest: string;
  readonly life: string;
  readonly token: unknown;
}

function isGuestHello(value: unknown): value is GuestHello {
  if (!isObject(value)) return false;
  const { synod, cluster, guest, life } = value;
  return Number.isInteger(synod) && typeof cluster === "string" && isNodeId(guest) &&
    typeof life === "string" && LIFE_PATTERN.test(life);
}

/** Whether a parsed message of the handshake comes from a guest. */
export function isFromGuest(message: unknown): boolean {
  return isObject(message) && "guest" in message;
}
