/**
 * Why a connection could not be made, for people. The runtimes say the same in different words, and some words
 * repeat the address, whose query may be secret.
 *
 * @module
 */

/** The longest text of a runtime that is repeated, in characters. */
const MAX_TEXT = 200;

/** What the HTTP status of an answer means here, if that is known. */
const STATUSES: Readonly<Record<number, string>> = {
  200: "an answer that is not of a node: a proxy, or another program",
  401: "refused",
  403: "forbidden",
  404: "nothing is mounted at this address",
  426: "a node, but something on the way does not pass WebSockets",
  500: "the server has failed",
  501: "the node there has no upgradeWebSocket, so it accepts no connections",
  502: "a proxy does not reach the server",
  503: "the node there is not open, or has no room",
  504: "a proxy does not reach the server",
};

/** The reason if a runtime says nothing. */
export const NO_REASON = "the platform gives no reason";

/** Words of runtimes, and the reason that they stand for. The first that matches counts. */
const WORDS: readonly (readonly [words: RegExp, reason: string])[] = [
  [/ECONNREFUSED|connection refused/i, "ECONNREFUSED: nothing listens there"],
  [/ENOTFOUND|EAI_AGAIN|getaddrinfo|dns error/i, "ENOTFOUND: the host name is not known"],
  [
    /ECONNRESET|socket hang up|closed before message completed|connection ended|other side closed/i,
    "ECONNRESET: the connection was closed before there was an answer",
  ],
  [/EHOSTUNREACH|ENETUNREACH/i, "there is no way to that host"],
  [/ETIMEDOUT|timed out/i, "ETIMEDOUT: there was no answer"],
  [/NotCapable|Requires net access/i, "the permission to use the network is missing"],
  [
    /tcp connect error|Failed to connect$/i,
    "the connection was refused, or there is no way to that host",
  ],
];

/** Words of runtimes that tell of TLS; what they say of it is repeated. */
const TLS = /EPROTO|SSL|TLS|certificate|CERT_|InvalidContentType|UnknownIssuer/i;

/** The address for texts: without a user name, a query and a fragment, which may be secret. */
export function addressOf(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** The reason for an answer with an HTTP status that no node gives; `type` is its media type, if it is known. */
export function statusReason(status: number, type = ""): string {
  const what = type === "" ? "" : ` with ${type.split(";")[0].slice(0, 50)}`;
  const meaning = STATUSES[status];
  return meaning === undefined ? `status ${status}${what}` : `${status}${what}: ${meaning}`;
}

/** The reason that the error of a runtime gives, with those of its causes. */
export function reasonOf(error: unknown): string {
  const texts: string[] = [];
  for (let one: unknown = error; texts.length < 4 && one !== undefined && one !== null;) {
    const { code, message, cause } = one as { code?: unknown; message?: unknown; cause?: unknown };
    const text = message ?? (typeof one === "string" ? one : "");
    texts.push(`${typeof code === "string" ? `${code} ` : ""}${text}`);
    one = cause;
  }
  return textReason(texts.join(" "));
}

/** The reason in a text of a runtime. */
export function textReason(text: string): string {
  const status = /(?:status code|server response):? (\d{3})/i.exec(text)?.[1];
  if (status !== undefined) return statusReason(Number(status));
  for (const [words, reason] of WORDS) if (words.test(text)) return reason;
  const clean = withoutAddresses(text);
  if (TLS.test(text)) return `TLS: ${clean}`;
  return clean === "" ? NO_REASON : clean;
}

/** The text without addresses, line breaks and what frames it. */
function withoutAddresses(text: string): string {
  return text
    .replace(/'?\b(?:wss?|https?):\/\/\S*/gi, "")
    .replace(
      /^.*failed: |^.*client error \(\w+\): |^NetworkError: (failed to \w+ to WebSocket: )?|^(TypeError )?fetch failed/i,
      "",
    )
    .replace(/[^\x20-\x7e]+/g, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, MAX_TEXT);
}
