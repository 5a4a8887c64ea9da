import type { ChildContext } from "../../mod.ts";

/** The addresses of the members, by id. */
export type Peers = Record<string, string>;

/** The secret of the cluster. */
export const SECRET = "vJ8nQmZ2xWc5TtLhYk7RbE4sDfGp9aUo";

/** Time that a call takes at its instance, in milliseconds. */
const WORK = 5;

/** A singleton whose calls take a while. */
export const Worker = {
  id: "worker",
  start: ({ node }: ChildContext) => ({
    async work(): Promise<string> {
      await new Promise((resolve) => setTimeout(resolve, WORK));
      return node;
    },
  }),
};
