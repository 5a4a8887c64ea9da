/**
 * The script of the page that these tests open: it defines the globals that they use.
 *
 * @module
 */
import { connect } from "../../../guest/mod.ts";
import { join } from "../../../mod.ts";
import { broadcastChannel } from "../../../transports/broadcast_channel.ts";
import { http } from "../../../transports/http.ts";
import { webSocket } from "../../../transports/websocket.ts";
import { simulated } from "../support/simulated.ts";

/** The global `synod` of the page. */
export const library = { connect, join, broadcastChannel, http, simulated, webSocket };

Object.assign(globalThis, { synod: library });
