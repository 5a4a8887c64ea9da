import { joinWith } from "../../lib/cluster/join_with.ts";
import { join, type Transport } from "../../mod.ts";
import { broadcastChannel } from "../../transports/broadcast_channel.ts";
import { memoryNetwork } from "../../transports/memory.ts";
import { Random } from "../../testing/random.ts";
import { VirtualTime } from "../support/virtual_time.ts";
import { turn } from "../support/wait.ts";
import { MEMBERS, type Stage } from "./reload.ts";

/** Milliseconds of a session: short, so that a cluster without a quorum finds that out soon. */
const SESSION_TTL = 2_000;

/** A memory network in virtual time, whose frames take about `latency` milliseconds and overtake each other. */
export function virtualStage(seed: string, latency: number): Stage {
  const time = new VirtualTime(seed);
  const random = new Random(`${seed}/latency`);
  const network = memoryNetwork({
    schedule: (deliver) => {
      const delay = latency * (0.8 + 0.4 * random.fraction()) + 0.1 * random.fraction();
      time.runtime.setTimer(deliver, delay);
    },
  });
  return {
    join: (id) => {
      const transport = network.transport();
      return joinWith({ id, members: MEMBERS, transport, sessionTtl: SESSION_TTL }, time.runtime);
    },
    pass: (duration) => time.pass(duration),
    until: (promise) => time.until(promise),
    now: () => time.runtime.now(),
  };
}

/** BroadcastChannel, in real time; each message takes `latency` milliseconds longer than it would. */
export function broadcastStage(latency: number): Stage {
  const name = `reload ${crypto.randomUUID()}`;
  return {
    join: (id) => {
      const transport = late(broadcastChannel(name), latency);
      return join({ id, members: MEMBERS, transport, sessionTtl: SESSION_TTL });
    },
    pass: (duration) => turn(duration),
    until: (promise) => promise,
    now: () => performance.now(),
  };
}

/** `inner`, but what arrives is handed on `latency` milliseconds later. */
function late(inner: Transport, latency: number): Transport {
  if (latency === 0) return inner;
  const waiting = new Set<ReturnType<typeof setTimeout>>();
  return {
    open: (self, receive) =>
      inner.open(self, (from, frame) => {
        const timer = setTimeout(() => {
          waiting.delete(timer);
          receive(from, frame);
        }, latency);
        waiting.add(timer);
      }),
    send: (to, frame) => inner.send(to, frame),
    close: () => {
      for (const timer of waiting) clearTimeout(timer);
      return inner.close();
    },
  };
}
