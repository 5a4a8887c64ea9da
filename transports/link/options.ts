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
