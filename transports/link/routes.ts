import type * as hono from "hono";

/**
 * A Hono app, to be mounted in another: `app.route("/synod", transport.routes)`.
 *
 * It is the class `Hono`, named in a way that does not ask for the documentation of all of Hono's types
 * to be complete.
 */
export type Routes = (typeof hono)["Hono"]["prototype"];
