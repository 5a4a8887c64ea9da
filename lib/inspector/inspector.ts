/**
 * A page that shows a node and its cluster, to mount in an own server.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { ClusterNode, partsOf } from "../cluster/cluster_node.ts";
import type { NodeParts } from "../cluster/wiring.ts";
import type { Key } from "../codec.ts";
import { parseRegisterId } from "../codec.ts";
import type { Routes } from "../../transports/link/routes.ts";
import { type OptionNames, refuseUnknown, refuseUnless } from "../options.ts";
import { kindOf, REGISTER_KINDS } from "../paxos/register.ts";
import { Actions } from "./actions.ts";
import { cellsOf, statesOf } from "./cells.ts";
import { Feed } from "./feed.ts";
import { overviewOf } from "./overview.ts";
import { PAGE } from "./page_html.ts";
import { SCRIPT } from "./page_script.ts";
import { STYLE } from "./page_style.ts";
import { VIEWS } from "./page_views.ts";
import { fromLink } from "./register_link.ts";
import { bucketsOf, keysOf, locksOf, singletonsOf } from "./registers.ts";

export type { Routes } from "../../transports/link/routes.ts";

/** A node that can be inspected: what `join` resolves to. */
export interface InspectedNode {
  /** The id of the node. */
  readonly id: string;
  /** See `ClusterNode.reportExit`; a guest has none. */
  reportExit(life: string): Promise<unknown>;
}

/** Options of {@linkcode inspector}. */
export interface InspectorOptions {
  /**
   * Whether the page may do something: take a lock away from its owners (as `steal` does), and report that the process
   * of a session runs no more (as `reportExit` does). Default: `false`.
   */
  actions?: boolean;
  /**
   * Buttons of your own beside each member, by their texts; called with the id of the member. What it throws is shown.
   * Needs `actions: true`.
   */
  buttons?: Readonly<Record<string, (member: string) => unknown>>;
}

const NAMES: OptionNames<InspectorOptions> = { actions: true, buttons: true };

/** The page loads nothing but its own parts, and no other page can show it in a frame. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": POLICY,
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Rows of one page of a list, at most. */
const MOST_ROWS = 500;

/** The parts of the page, by their names. */
const FILES: Readonly<Record<string, readonly [type: string, text: string]>> = {
  "": ["text/html; charset=utf-8", PAGE],
  "inspector.css": ["text/css; charset=utf-8", STYLE],
  "inspector.js": ["text/javascript; charset=utf-8", SCRIPT],
  "views.js": ["text/javascript; charset=utf-8", VIEWS],
};

/**
 * A Hono app with a page that shows this node and its cluster: the members, sessions, locks with their owners and those
 * who wait, keys, singletons, and a timeline; and a search box that answers with `explain`. Mount it where only
 * operators come: it shows all keys and values. It is read-only unless `actions` is `true`. Throws a `TypeError` for bad
 * options, and for what is no node of `join`.
 *
 * ```ts
 * import { type ClusterNode } from "@synod/synod";
 * import { inspector } from "@synod/synod/inspector";
 * import { Hono } from "hono";
 * import { basicAuth } from "hono/basic-auth";
 *
 * function inspectable(node: ClusterNode, password: string) {
 *   const app = new Hono();
 *   app.use("/inspect/*", basicAuth({ username: "operator", password }));
 *   app.use("/inspect", basicAuth({ username: "operator", password }));
 *   return app.route("/inspect", inspector(node));
 * }
 * ```
 */
export function inspector(node: InspectedNode, options: InspectorOptions = {}): Routes {
  if (!(node instanceof ClusterNode)) {
    throw new TypeError("inspector: node must be a node that join made; guests have no inspector");
  }
  refuseUnknown("inspector", options, NAMES);
  const { actions: mayAct = false, buttons = {} } = options;
  refuseUnless(typeof mayAct === "boolean", "inspector", "actions", "true or false", mayAct);
  const parts = partsOf(node);
  const feed = new Feed(node, parts);
  const actions = mayAct ? new Actions(node, buttons) : null;
  const app = new Hono();
  const get = (context: Context) => answer(context, node, parts, feed, actions);
  app.get("/", get);
  app.get("/*", get);
  app.post("/*", async (context) => {
    if (actions === null) return refuse(context, 403, "this inspector only shows");
    if (!isOwn(context)) return refuse(context, 403, "not from the page of this inspector");
    const result = await actions.act(lastOf(context), await context.req.json().catch(() => null));
    return context.json(result, result.ok ? 200 : 400, HEADERS);
  });
  return app;
}

/** The last segment of the path: "" for the page itself. */
function lastOf({ req: { path } }: Context): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Whether a request comes from the page: another site can send no such header without being asked first. */
function isOwn({ req }: Context): boolean {
  const site = req.header("sec-fetch-site");
  return req.header("x-synod-inspector") === "1" && (site === undefined || site === "same-origin");
}

function refuse(context: Context, status: 400 | 403 | 404, error: string): Response {
  return context.json({ error }, status, HEADERS);
}

async function answer(
  context: Context,
  node: ClusterNode,
  parts: NodeParts,
  feed: Feed,
  actions: Actions | null,
): Promise<Response> {
  const name = lastOf(context);
  const file = FILES[name];
  if (file !== undefined) {
    return context.body(file[1], 200, { ...HEADERS, "content-type": file[0] });
  }
  const { req } = context;
  const number = (name: string, otherwise: number, most: number) => {
    const value = Number(req.query(name) ?? otherwise);
    return Number.isInteger(value) && value >= 0 ? Math.min(value, most) : otherwise;
  };
  const [offset, limit] = [number("offset", 0, 1e9), number("limit", 100, MOST_ROWS)];
  const json = async (value: Promise<unknown>) => {
    try {
      return context.json(await value as object, 200, HEADERS);
    } catch (error) {
      const { message, code = null } = error as Error & { code?: string };
      return context.json({ error: message, code }, 503, HEADERS);
    }
  };
  switch (name) {
    case "overview":
      return await json(
        overviewOf(node, parts).then((overview) => ({
          ...overview,
          ...{ actions: actions !== null, buttons: actions?.buttons ?? [] },
        })),
      );
    case "locks":
      return await json(locksOf(parts, (req.query("filter") ?? "").slice(0, 200), offset, limit));
    case "buckets":
      return await json(bucketsOf(parts));
    case "keys":
      return await json(
        keysOf(parts, req.query("bucket") ?? null, req.query("after") ?? "", limit),
      );
    case "singletons":
      return await json(singletonsOf(parts, offset, limit));
    case "cells":
      return await json(cellsOf(parts, offset, limit));
    case "states":
      return await json(statesOf(parts, offset, limit));
    case "explain": {
      const key = keyOf(req.query("key"), req.query("link"));
      return key === undefined
        ? refuse(context, 400, "explain needs key or link")
        : await json(node.explain(key.key));
    }
    case "events":
      return context.body(feed.follow(), 200, {
        ...HEADERS,
        "content-type": "text/event-stream",
        "x-accel-buffering": "no",
      });
  }
  // The page is at the path with a slash at its end, so that what it loads is beside it.
  const isPage = req.header("accept")?.includes("text/html") === true && !req.path.endsWith("/");
  const isMount = context.req.routePath.replace(/\/\*$/, "") === req.path;
  if (isPage || isMount) return context.redirect(`${encodeURIComponent(name)}/`);
  return refuse(context, 404, "not found");
}

/** The key of a lock: that of a link, or a text, which is JSON if it begins with a bracket or a quotation mark. */
function keyOf(text?: string, link?: string): { readonly key: Key } | undefined {
  if (link !== undefined) {
    const register = fromLink(link);
    if (register === null || kindOf(register) !== REGISTER_KINDS.lock) return undefined;
    try {
      return { key: parseRegisterId(register).key };
    } catch {
      return undefined;
    }
  }
  if (text === undefined) return undefined;
  if (!/^\s*["[{]/.test(text)) return { key: text };
  try {
    return { key: JSON.parse(text) };
  } catch {
    return { key: text };
  }
}
