/**
 * A node that has joined, for the snippets of the documentation that do not make one.
 *
 * @module
 */
import type { ClusterNode } from "@synod/synod";
import { id, join, members, transport } from "./prelude.ts";

export const node: ClusterNode = await join({ id, members, transport });
