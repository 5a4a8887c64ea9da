import { type OptionNames, refuseUnknown } from "../../lib/options.ts";
import { checkCluster, checkNodeId } from "../link/options.ts";
import { show } from "../../lib/show.ts";
import { isObject } from "./handshake.ts";
import { keysOf } from "./keys.ts";
import { checkSecret } from "./secret.ts";
import { signToken } from "./token.ts";

/** Options of {@linkcode nodeToken}. */
export interface NodeTokenOptions {
  /** The secret of the cluster. It is not in the token. */
  secret: string;
  /** The name of the cluster. Default: `"synod"`. */
  cluster?: string;
  /** The only guest that the token is valid for. */
  id: string;
  /** The lifetime of the token in milliseconds, 1,000 to 86,400,000 (a day). Default: 300,000. */
  expiresIn?: number;
  /**
   * What the server knows of a guest, for the `authorize` of the members: a plain object of JSON values, at most
   * 2,000 characters as JSON. It is signed, not secret. Default: none.
   */
  claims?: Readonly<Record<string, unknown>>;
}

const NAMES: OptionNames<NodeTokenOptions> = {
  secret: true,
  cluster: true,
  id: true,
  expiresIn: true,
  claims: true,
};

/** The default and the longest lifetime of a token, in milliseconds. */
const DEFAULT_LIFETIME = 300_000;
const LONGEST_LIFETIME = 86_400_000;

/** The longest claims, in characters: the whole token has at most 4,096. */
const MAX_CLAIMS = 2_000;

/**
 * Makes a token with which its holder can connect as the guest `id`, and as no other one. It is meant for
 * browsers and other programs without the secret: a server makes a token for a user that it has authenticated,
 * and the page passes it to `connect`. It is a JSON Web Token (HS256) whose audience is the cluster's name and
 * whose subject is the guest's id. A token makes no member and no client, and none is valid for the id of a
 * member.
 *
 * A connection ends one minute (the tolerance for clocks that differ) after the token that it was opened
 * with expires. The guest then calls `token` again and reconnects, in the same session. To lock a user out,
 * issue no more tokens.
 *
 * Rejects with a `TypeError` that names a bad option.
 *
 * @example On a server, behind its own login
 * ```ts
 * import { Hono } from "hono";
 * import { nodeToken } from "@synod/synod/transports/websocket";
 *
 * const secret = crypto.randomUUID(); // in production from a secret store, the same on every server
 * const login = (_request: Request) => ({ name: "ada" }); // stands for the authentication of your server
 *
 * const app = new Hono().get("/token", async (c) => {
 *   const user = login(c.req.raw);
 *   return c.text(await nodeToken({ secret, id: `browser-${user.name}`, expiresIn: 60_000 }));
 * });
 *
 * console.log((await app.request("/token")).status); // 200
 * ```
 *
 * @example In the browser
 * ```ts
 * import { connect } from "@synod/synod/guest";
 *
 * const node = await connect({
 *   id: "browser-ada",
 *   servers: ["wss://one.example/synod", "wss://two.example/synod"],
 *   token: async () => await (await fetch("/token")).text(),
 * });
 * await node.close();
 * ```
 */
export async function nodeToken(options: NodeTokenOptions): Promise<string> {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`nodeToken: options must be an object, received ${typeof options}`);
  }
  refuseUnknown("nodeToken", options, NAMES);
  const { secret, cluster, id, expiresIn = DEFAULT_LIFETIME, claims } = options;
  if (!Number.isInteger(expiresIn) || expiresIn < 1_000 || expiresIn > LONGEST_LIFETIME) {
    throw new TypeError(
      `nodeToken: expiresIn must be an integer from 1000 to ${LONGEST_LIFETIME} (milliseconds), received ${
        show(expiresIn)
      }`,
    );
  }
  const name = checkCluster("nodeToken", cluster);
  const node = checkNodeId("nodeToken", "id", id);
  return await signToken(
    await keysOf(checkSecret("nodeToken", secret), name),
    name,
    node,
    expiresIn,
    claims === undefined ? {} : { claims: checkClaims(claims) },
  );
}

function checkClaims(claims: unknown): unknown {
  const text = isObject(claims) && !Array.isArray(claims) ? toJson(claims) : undefined;
  if (text === undefined) {
    throw new TypeError(
      `nodeToken: claims must be a plain object of JSON values, received ${show(claims)}`,
    );
  }
  if (text.length > MAX_CLAIMS) {
    throw new TypeError(
      `nodeToken: claims must have at most ${MAX_CLAIMS} characters as JSON, received ${text.length}`,
    );
  }
  return claims;
}

function toJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
