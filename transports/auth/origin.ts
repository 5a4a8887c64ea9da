import type { Context } from "hono";
import type { Credentials } from "./credentials.ts";

/** The headers of a request that tell which page it comes from. */
export interface PageHeaders {
  /** `Origin`: browsers send it with each WebSocket and each POST request; other programs need not. */
  readonly origin: string | undefined;
  /** `Host`. */
  readonly host: string;
}

/**
 * Whether a request may come to a node without authentication: from no page at all, or from a page of the
 * same host. Without this check, any page that a developer visits could speak for a node on that machine.
 *
 * The owner of a domain can have its pages loaded from one address, and then let its name point at the
 * address of this node (DNS rebinding): the two hosts are the same then. So a name with a dot is refused,
 * unless it is `own`, the host of this node in `peers`.
 */
export function isOwnPage({ origin, host }: PageHeaders, own: string | undefined): boolean {
  if (origin === undefined) return true;
  const page = hostOf(origin);
  if (page === null || page.host !== hostOf(`http://${host}`)?.host) return false;
  const { hostname } = page;
  return hostname === own || hostname.endsWith(".localhost") || !hostname.includes(".") ||
    /^\d+(\.\d+){3}$/.test(hostname);
}

/**
 * The answer to a request of a page that a node without authentication refuses, or `null`. `own` is the host
 * name of this node.
 */
export function refusePage(
  context: Context,
  { kind }: Credentials,
  own: string | undefined,
): Response | null {
  const { req } = context;
  const host = req.header("host") ?? new URL(req.url).host;
  if (kind !== "insecure" || isOwnPage({ origin: req.header("origin"), host }, own)) return null;
  return context.text("Pages of other origins are refused: this node has no authentication.", 403);
}

function hostOf(origin: string): URL | null {
  try {
    const url = new URL(origin);
    return url.host === "" ? null : url;
  } catch {
    return null;
  }
}
