/**
 * The keys that are derived from the secret of a cluster.
 *
 * A proof and a token are message authentication codes: with either one, a guess of the secret can be tested
 * offline, without asking a server. No handshake that is built on Web Crypto alone avoids that. So a secret
 * must have enough entropy (`checkSecret`), and its derivation is slow: each guess costs an attacker as much
 * as this node's start.
 *
 * @module
 */
import type { MacKey } from "./mac.ts";

/** The keys of one cluster, for HMAC with SHA-256. None of them can be exported. */
export interface Keys {
  /** For proofs of the connecting side of a connection. */
  readonly connect: MacKey;
  /** For proofs of the accepting side. */
  readonly accept: MacKey;
  /** For tokens. */
  readonly token: MacKey;
}

/**
 * Iterations of PBKDF2: 15 to 50 milliseconds, outside of the event loop. Cloudflare's Workers refuse more.
 */
const ITERATIONS = 100_000;

/** The length of derived keys, in bits. */
const KEY_BITS = 256;

/** Secrets whose keys are remembered, to bound memory; a program has one or two. */
const MAX_SECRETS = 16;

/** Keys by cluster and secret. `nodeToken` gets the secret with each call, and must not derive them each time. */
const remembered = new Map<string, Promise<Keys>>();

/** The keys of the cluster with this secret; derives them once in a process. */
export function keysOf(secret: string, cluster: string): Promise<Keys> {
  const name = JSON.stringify([cluster, secret]);
  const known = remembered.get(name);
  if (known !== undefined) return known;
  for (const oldest of remembered.keys()) {
    if (remembered.size < MAX_SECRETS) break;
    remembered.delete(oldest);
  }
  const keys = deriveKeys(secret, cluster);
  remembered.set(name, keys);
  keys.catch(() => remembered.delete(name));
  return keys;
}

const HASH = "SHA-256";

async function deriveKeys(secret: string, cluster: string): Promise<Keys> {
  const { subtle } = crypto;
  const password = await subtle.importKey("raw", utf8(secret), "PBKDF2", false, ["deriveBits"]);
  const salt = utf8(JSON.stringify(["synod", 2, cluster]));
  const stretched = await subtle.deriveBits(
    { name: "PBKDF2", hash: HASH, salt, iterations: ITERATIONS },
    password,
    KEY_BITS,
  );
  const base = await subtle.importKey("raw", stretched, "HKDF", false, ["deriveKey"]);
  new Uint8Array(stretched).fill(0);
  const key = (purpose: string) =>
    subtle.deriveKey(
      { name: "HKDF", hash: HASH, salt: new Uint8Array(0), info: utf8(purpose) },
      base,
      { name: "HMAC", hash: HASH, length: KEY_BITS },
      false,
      ["sign", "verify"],
    );
  const [connect, accept, token] = await Promise.all(["connect", "accept", "token"].map(key));
  return { connect, accept, token };
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
