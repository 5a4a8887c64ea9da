/** A key for HMAC: a `CryptoKey`, by the only name that the types of all platforms have for it. */
export type MacKey = Awaited<ReturnType<typeof crypto.subtle.deriveKey>>;

/** The code that authenticates `text`, as base64url. */
export async function sign(key: MacKey, text: string): Promise<string> {
  const code = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(text));
  return toBase64Url(new Uint8Array(code));
}

/** Whether `code` is what {@linkcode sign} returns for `text`. Takes the same time wherever they differ. */
export async function verify(key: MacKey, text: string, code: string): Promise<boolean> {
  const bytes = fromBase64Url(code);
  if (bytes === null) return false;
  return await crypto.subtle.verify("HMAC", key, bytes, new TextEncoder().encode(text));
}

/** Bytes as base64url, without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}

/** The bytes of base64url without padding, or `null` if `text` is not the only form of its bytes. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return null;
  const decoded = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  const bytes = Uint8Array.from(decoded, (character) => character.charCodeAt(0));
  return toBase64Url(bytes) === text ? bytes : null;
}
