import { isNodeId, NODE_ID_FORM } from "../../lib/codec/names.ts";
import { show } from "../../lib/show.ts";

/** The default name of a cluster. */
const DEFAULT_CLUSTER = "synod";

/** The longest name of a cluster, in characters. */
const MAX_CLUSTER = 200;

/** Checks the node id that the function `caller` received as `option`; throws a `TypeError`. */
export function checkNodeId(caller: string, option: string, id: unknown): string {
  if (isNodeId(id)) return id;
  throw new TypeError(
    `${caller}: ${option} must be the id of a node, ${NODE_ID_FORM}, received ${show(id)}`,
  );
}

/** Checks the name of a cluster; throws a `TypeError`. */
export function checkCluster(caller: string, cluster: unknown = DEFAULT_CLUSTER): string {
  if (typeof cluster === "string" && cluster.length >= 1 && cluster.length <= MAX_CLUSTER) {
    return cluster;
  }
  throw new TypeError(
    `${caller}: cluster must be a name of 1 to ${MAX_CLUSTER} characters, received ${
      show(cluster)
    }`,
  );
}

/** Checks the addresses of peers; throws a `TypeError`. `schemes` has the form of `URL.protocol`. */
export function checkPeers(
  caller: string,
  peers: unknown,
  schemes: readonly string[],
): ReadonlyMap<string, URL> {
  if (peers === undefined) return new Map();
  if (typeof peers !== "object" || peers === null || Array.isArray(peers)) {
    throw new TypeError(
      `${caller}: peers must be an object of addresses by id, received ${show(peers)}`,
    );
  }
  return new Map(
    Object.entries(peers).map(([id, address]) => {
      if (!isNodeId(id)) {
        throw new TypeError(`${caller}: peers has an invalid node id: ${show(id)}`);
      }
      return [id, checkAddress(caller, id, address, schemes)];
    }),
  );
}

function checkAddress(
  caller: string,
  id: string,
  address: unknown,
  schemes: readonly string[],
): URL {
  let url: URL | null = null;
  try {
    if (typeof address === "string" || address instanceof URL) url = new URL(address);
  } catch {
    // Not a URL: `url` stays null.
  }
  if (url === null || !schemes.includes(url.protocol)) {
    throw new TypeError(
      `${caller}: peers: the address of ${id} must be a URL that begins with ${
        schemes.map((scheme) => `${scheme}//`).join(" or ")
      }, received ${show(withoutCredentials(address))}`,
    );
  }
  // The mount path of the routes has no slash at its end, unless it is the root.
  url.pathname = url.pathname.replace(/(.)\/+$/, "$1");
  url.hash = "";
  return url;
}

/** An address without what may be a password or a key: a user name, a query and a fragment. */
function withoutCredentials(address: unknown): unknown {
  if (typeof address !== "string") return address;
  return address.replace(/^([a-z]+:\/\/)?[^/]*@/i, "$1").replace(/[?#].*/s, "");
}
