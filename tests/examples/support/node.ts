/**
 * A node that has joined, for snippets of the documentation that do not create one.
 *
 * @module
 */
import type { ClusterNode } from "@synod/synod";
import { id, join, members, transport } from "./prelude.ts";

export const node: ClusterNode = await join({ id, members, transport });
