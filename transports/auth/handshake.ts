/**
 * The handshake by which two nodes authenticate each other on a connection. The connecting side
 * begins:
 *
 *     hello      { synod: 1, cluster, id, to, nonce, token? }
 *     challenge  { id, nonce, proof }       from a node with the secret, unless `token` was enough
 *     proof      { proof }
 *
 * Each side makes a new nonce for each connection. A proof is a short-lived JSON Web Token (HS256) about
 * its sender, signed with the cluster's secret. It holds both nonces, the id of the node that it is for,
 * and the side that made it. It is therefore valid for one connection only, and the secret itself is
 * never sent. The connecting side verifies the other's proof before it sends its own, so an impostor at
 * a known address gets no proof.
 *
 * A node without the secret sends a token that was made for it (`nodeToken`). It cannot verify which node
 * it has reached; TLS does that. The handshake does not protect the frames that follow against an attacker
 * on the path between the two nodes; TLS does.
 *
 * @module
 */
import { isNodeId } from "../link/options.ts";
import { Refusal } from "./refusal.ts";
import { MAX_TOKEN } from "./token.ts";

/** The version of the handshake and of the protocol after it. */
export const VERSION = 1;

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
  /** A token of `nodeToken`, from a node without the secret. */
  readonly token?: string;
}

/** The answer of a node with the secret to a hello without a token. */
export interface Challenge {
  /** The id of the sender. */
  readonly id: string;
  readonly nonce: string;
  readonly proof: string;
}

/** The answer of the connecting side to a challenge. */
export interface Proof {
  readonly proof: string;
}

/** A new nonce: 128 random bits in hexadecimal. */
export function makeNonce(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const isNonce = (value: unknown) => typeof value === "string" && /^[0-9a-f]{32}$/.test(value);
const isToken = (value: unknown) => typeof value === "string" && value.length <= MAX_TOKEN;

/** Whether `value` is a hello; throws a {@linkcode Refusal} if it has another version. */
export function isHello(value: unknown): value is Hello {
  if (!isObject(value) || !Number.isInteger(value.synod)) return false;
  if (value.synod !== VERSION) {
    throw new Refusal(`this node speaks version ${VERSION} of the handshake, not ${value.synod}`);
  }
  const { cluster, id, to, nonce, token } = value;
  return typeof cluster === "string" && isNodeId(id) && isNodeId(to) && isNonce(nonce) &&
    (token === undefined || isToken(token));
}

/** Whether `value` is a challenge. */
export function isChallenge(value: unknown): value is Challenge {
  return isObject(value) && isNodeId(value.id) && isNonce(value.nonce) && isToken(value.proof);
}

/** Whether `value` is a proof. */
export function isProof(value: unknown): value is Proof {
  return isObject(value) && isToken(value.proof);
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
