import type * as hono from "hono";

/**
 * A Hono app to mount in another one: `app.route("/synod", transport.routes)`.
 *
 * This is the class `Hono`. The indirect form keeps the doc lint from checking all types of Hono.
 */
export type Routes = (typeof hono)["Hono"]["prototype"];
