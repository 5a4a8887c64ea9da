import { isNodeId } from "../../lib/codec/names.ts";
import { show } from "../../lib/show.ts";

/**
 * The addresses of nodes by id, or a function that says the address of a member: for names that follow a rule. The
 * function is asked before each attempt to connect; with `null` there is none, and the member has to connect by itself.
 */
export type PeerAddresses =
  | Readonly<Record<string, string | URL>>
  | ((id: string) => string | URL | null);

/** Checked addresses: those of a table, and the rule for members instead of one. */
export interface CheckedAddresses {
  readonly peers: ReadonlyMap<string, URL>;
  /** The address of a member; throws what is for the user. `null`: there is a table. */
  readonly peerRule: ((member: string) => URL | null) | null;
}

/** Checks the addresses of peers; throws a `TypeError`. `schemes` has the form of `URL.protocol`. */
export function checkPeers(
  caller: string,
  peers: unknown,
  schemes: readonly string[],
): CheckedAddresses {
  if (peers === undefined) return { peers: new Map(), peerRule: null };
  if (typeof peers === "function") {
    const peerRule = (id: string) => ruledAddress(caller, id, () => peers(id), schemes);
    return { peers: new Map(), peerRule };
  }
  if (typeof peers !== "object" || peers === null || Array.isArray(peers)) {
    throw new TypeError(
      `${caller}: peers must be an object of addresses by id, or a function, received ${
        show(peers)
      }`,
    );
  }
  const table = Object.entries(peers).map(([id, address]) => {
    if (!isNodeId(id)) {
      throw new TypeError(`${caller}: peers has an invalid node id: ${show(id)}`);
    }
    return [id, checkAddress(caller, id, address, schemes)] as const;
  });
  return { peers: new Map(table), peerRule: null };
}

/** The address that a function of the user gives. */
function ruledAddress(
  caller: string,
  id: string,
  ask: () => unknown,
  schemes: readonly string[],
): URL | null {
  let address: unknown;
  try {
    address = ask();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${caller}: peers has failed for ${id}: ${why}`, { cause });
  }
  if (address === null) return null;
  // An asynchronous function is refused, so its failure has no other handler.
  if (address instanceof Promise) address.catch(() => {});
  return checkAddress(caller, id, address, schemes);
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
