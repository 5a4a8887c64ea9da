import { sign } from "hono/jwt";

export { sign };

/** The present time in seconds since 1970, as in tokens. */
export const seconds = (): number => Math.floor(Date.now() / 1000);
