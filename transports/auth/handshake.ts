/**
 * The handshake by which two nodes authenticate each other on a connection. The connecting side
 * begins:
 *
 *     hello      { synod: 2, cluster, id, to, nonce }
 *     challenge  { id, nonce }
 *     proof      { proof }
 *     welcome    { proof, ... }
 *
 * Each side makes a new nonce for each connection. A proof is an HMAC, with a key that is derived from the
 * cluster's secret, of both nonces, both ids and the cluster's name. Each side has a key of its own. A proof
 * is therefore valid for one side of one connection only, and the secret itself is never sent.
 *
 * The side that proves itself first gives the other side something with which it can test guesses of the
 * secret (see `keys.ts`). That is the connecting side: it knows whom it has called, by an address that TLS
 * can verify, whereas any stranger can send a hello. A stranger gets nothing that depends on the secret.
 *
 * Without authentication (`insecure`) the welcome follows the hello. A program without the secret is a guest, which
 * says a hello of another form (`guest_authenticator.ts`), with a token that was made for it (`nodeToken`): it cannot
 * verify which node it has reached; TLS does that. The handshake does not protect the frames that follow against an
 * attacker on the path between the two nodes; TLS does.
 *
 * @module
 */
import { isNodeId } from "../../lib/codec/names.ts";
import { HandshakeError } from "./handshake_error.ts";
import { VERSION } from "./version.ts";

export { VERSION };

/** The longest message of the handshake, in bytes. */
export const MAX_HANDSHAKE_BYTES = 16_384;

/** The first message of the connecting side. */
export interface Hello {
  readonly synod: typeof VERSION;
  readonly cluster: string;
  /** The id of the sender. */
  readonly id: string;
  /** The id of the node that it wants to reach. */
  readonly to: string;
  readonly nonce: string;
  /** What a guest would have, so it is refused. */
  readonly token?: unknown;
}

/** The answer of a node with the secret to a hello. */
export interface Challenge {
  /** The id of the sender. */
  readonly id: string;
  readonly nonce: string;
}

/** The answer of the connecting side to a challenge; the answer of the accepting side to that is one, too. */
export interface Proof {
  readonly proof: string;
}

/** A new nonce: 128 random bits in hexadecimal. */
export function makeNonce(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const isNonce = (value: unknown) => typeof value === "string" && /^[0-9a-f]{32}$/.test(value);
const isCode = (value: unknown) => typeof value === "string" && /^[\w-]{43}$/.test(value);

/** Whether `value` is a hello; throws a {@linkcode HandshakeError} if it has another version. */
export function isHello(value: unknown): value is Hello {
  if (!isObject(value) || !Number.isInteger(value.synod)) return false;
  if (value.synod !== VERSION) {
    throw new HandshakeError(
      `this node speaks version ${VERSION} of the handshake, not ${value.synod}`,
    );
  }
  const { cluster, id, to, nonce } = value;
  return typeof cluster === "string" && isNodeId(id) && isNodeId(to) && isNonce(nonce);
}

/** Whether `value` is a challenge. */
export function isChallenge(value: unknown): value is Challenge {
  return isObject(value) && isNodeId(value.id) && isNonce(value.nonce);
}

/** Whether `value` has a proof. */
export function isProof(value: unknown): value is Proof {
  return isObject(value) && isCode(value.proof);
}

/** Whether `value` is an object whose properties can be read. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** The parsed message of the handshake, or `undefined` if `text` is too long or no JSON. */
export function parseHandshake(text: string): unknown {
  if (text.length > MAX_HANDSHAKE_BYTES) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
