import { type OptionNames, refuseUnknown } from "../../lib/options.ts";
import {
  checkCredentials,
  type CredentialOptions,
  CREDENTIALS,
  type Credentials,
  refuseToken,
} from "../auth/credentials.ts";
import { type CheckedAddresses, checkPeers, type PeerAddresses } from "../link/addresses.ts";
import { checkCluster } from "../link/options.ts";
import { show } from "../../lib/show.ts";

/** The function `fetch`, or a compatible one. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Options of `http`. One of `secret` and `insecure: true` is required. */
export interface HttpOptions extends CredentialOptions {
  /** The name of the cluster. Nodes with different cluster names refuse each other. Default: `"synod"`. */
  cluster?: string;
  /**
   * The addresses of nodes by id: the URL at which the `routes` of the node are mounted, for example
   * `https://host/synod`. The node's own entry is ignored, so all nodes may get the same object. Frames
   * for a node without an entry travel in the responses to its requests. Or a function that says the address of a
   * member, so that members that are added later are found. Default: none.
   *
   * The function is asked with the id of each member of the cluster, whenever a session with it is opened and when the
   * members change. `null`: there is no address, now. It must not be asynchronous. If it throws, or gives no URL, the
   * node emits an `error` event, and asks again later.
   */
  peers?: PeerAddresses;
  /**
   * The function that makes requests. Default: the global `fetch`. In Node that takes about a millisecond
   * of CPU time per request; a function built on `node:http` with a keep-alive agent is several times
   * faster.
   */
  fetch?: Fetch;
}

const NAMES: OptionNames<HttpOptions> = {
  cluster: true,
  peers: true,
  fetch: true,
  ...CREDENTIALS,
};

/** Checked options with their defaults. */
export interface HttpSettings extends CheckedAddresses {
  readonly cluster: string;
  readonly credentials: Credentials;
  readonly fetch: Fetch;
}

/** Checks the options of the user; throws a `TypeError` that names the option. */
export function checkOptions(options: HttpOptions): HttpSettings {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`http: options must be an object, received ${typeof options}`);
  }
  refuseToken("http", options);
  refuseUnknown("http", options, NAMES);
  const { fetch = (url: string, init: RequestInit) => globalThis.fetch(url, init) } = options;
  if (typeof fetch !== "function") {
    throw new TypeError(`http: fetch must be a function, received ${show(fetch)}`);
  }
  const cluster = checkCluster("http", options.cluster);
  return {
    cluster,
    ...checkPeers("http", options.peers, ["http:", "https:"]),
    credentials: checkCredentials("http", cluster, options),
    fetch,
  };
}
