import { broadcastChannel } from "../../transports/broadcast_channel.ts";
import { transportSuite } from "./suite.ts";

let networks = 0;
transportSuite("broadcastChannel()", () => {
  const name = `suite-${++networks}-${crypto.randomUUID()}`;
  return { transport: () => broadcastChannel(name), dispose: () => {} };
});
