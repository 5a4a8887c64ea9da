import { type OptionNames, refuseUnknown } from "../../lib/options.ts";
import {
  checkCredentials,
  type CredentialOptions,
  CREDENTIALS,
  type Credentials,
} from "../auth/credentials.ts";
import { checkCluster, checkPeers, show } from "../link/options.ts";

/** The function `fetch`, or one like it. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** How a node speaks by HTTP. One of `secret`, `token` and `insecure: true` is required. */
export interface HttpOptions extends CredentialOptions {
  /** The name of the cluster: nodes of different names never talk. Default: `"synod"`. */
  cluster?: string;
  /**
   * Where nodes are reached: by id the address at which the `routes` of that node are mounted, as
   * `https://host/synod`. The node's own entry is ignored, so all may be given the same object. Nodes
   * without an entry are answered when they ask. Default: none.
   */
  peers?: Readonly<Record<string, string | URL>>;
  /**
   * What to make requests with. Default: the global `fetch`. That of Node takes about a millisecond of
   * work for each request; one made of `node:http` with an agent that keeps connections is several
   * times faster.
   */
  fetch?: Fetch;
}

const NAMES: OptionNames<HttpOptions> = {
  cluster: true,
  peers: true,
  fetch: true,
  ...CREDENTIALS,
};

/** Checked options, all there. */
export interface Settings {
  readonly cluster: string;
  readonly peers: ReadonlyMap<string, URL>;
  readonly credentials: Credentials;
  readonly fetch: Fetch;
}

/** Checks what the user gave; throws a `TypeError` that names the option. */
export function checkOptions(options: HttpOptions): Settings {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`http: options must be an object, got ${show(options)}`);
  }
  refuseUnknown("http", options, NAMES);
  const { fetch = (url: string, init: RequestInit) => globalThis.fetch(url, init) } = options;
  if (typeof fetch !== "function") {
    throw new TypeError(`http: fetch must be a function, got ${show(fetch)}`);
  }
  return {
    cluster: checkCluster("http", options.cluster),
    peers: checkPeers("http", options.peers, ["http:", "https:"]),
    credentials: checkCredentials("http", options),
    fetch,
  };
}
