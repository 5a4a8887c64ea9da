/**
 * The script of the page that these tests open: makes the library known to what they evaluate there.
 *
 * @module
 */
import { join } from "../../../mod.ts";
import { broadcastChannel } from "../../../transports/broadcast_channel.ts";
import { http } from "../../../transports/http.ts";
import { webSocket } from "../../../transports/websocket.ts";

/** What the page knows, as `synod`. */
export const library = { join, broadcastChannel, http, webSocket };

Object.assign(globalThis, { synod: library });
