/**
 * How two nodes come to know who speaks at the other end of a connection. The one that connects
 * begins:
 *
 *     hello      { synod: 1, cluster, id, to, nonce, token? }
 *     challenge  { id, nonce, proof }       from a node with the secret, unless `token` was enough
 *     proof      { proof }
 *
 * Each side has made its nonce for this one connection. A proof is a token (JSON Web Token, HS256,
 * short-lived) about its sender, signed with the cluster's secret, that holds both nonces, the id of
 * the node that it is for, and which side made it. So it is of use for nothing but the connection
 * that it was made for, and the secret itself is never sent. The side that connects sees the other's
 * proof before it shows its own: a stranger at a known address is told nothing.
 *
 * A node without the secret shows a token that was made for it (`nodeToken`), and cannot tell whom it
 * has reached: TLS tells it. Nor does any of this protect what is said afterwards from somebody who
 * can change what travels between the two: TLS does.
 *
 * @module
 */
import { isNodeId } from "../link/options.ts";
import { Refusal } from "./refusal.ts";
import { MAX_TOKEN } from "./token.ts";

/** The version of the handshake and of what follows it. */
export const VERSION = 1;

/** No message of the handshake is longer, in bytes. */
export const MAX_HANDSHAKE_BYTES = 16_384;

/** What the side that connects says first. */
export interface Hello {
  readonly synod: typeof VERSION;
  readonly cluster: string;
  /** Who speaks. */
  readonly id: string;
  /** Whom it wants to reach. */
  readonly to: string;
  readonly nonce: string;
  /** A token of `nodeToken`, from a node without the secret. */
  readonly token?: string;
}

/** How a node with the secret answers a hello without a token. */
export interface Challenge {
  /** Who answers. */
  readonly id: string;
  readonly nonce: string;
  readonly proof: string;
}

/** How the side that connected answers a challenge. */
export interface Proof {
  readonly proof: string;
}

/** A number used once: 128 random bits. */
export function makeNonce(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const isNonce = (value: unknown) => typeof value === "string" && /^[0-9a-f]{32}$/.test(value);
const isToken = (value: unknown) => typeof value === "string" && value.length <= MAX_TOKEN;

/** Whether `value` is a hello; throws a {@linkcode Refusal} if it is one of another version. */
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

/** Whether `value` is an object, whose properties can be asked for. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** What a text of the handshake says, or `undefined` if it is none. */
export function parseHandshake(text: string): unknown {
  if (text.length > MAX_HANDSHAKE_BYTES) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
