import type { Engine } from "../node/engine/engine.ts";
import type { Tracing } from "../node/runtime/tracing.ts";
import type { ClusterEvents } from "./events.ts";

/** Reports what an event of a node tells, unless the part of the node that knows it has reported it. */
export function traceEvent<K extends keyof ClusterEvents>(
  { emit }: Tracing,
  type: K,
  detail: ClusterEvents[K],
): void {
  if (emit === undefined) return;
  const event = { type, detail } as { [T in keyof ClusterEvents]: Told<T> }[keyof ClusterEvents];
  switch (event.type) {
    case "life":
      return emit({ type: "life", life: event.detail.life });
    case "membership": {
      const { id, state } = event.detail;
      return emit({ type: "member", id, state });
    }
    case "removed":
      return emit({ type: "removed" });
    case "error": {
      const { message, code = null } = event.detail.error as Error & { code?: string };
      return emit({ type: "error", code, message });
    }
  }
}

interface Told<K extends keyof ClusterEvents> {
  readonly type: K;
  readonly detail: ClusterEvents[K];
}

/** Reports the members that a node follows now. */
export function traceMembers({ tracing, configuration, members }: Engine): void {
  const { epoch, settled } = configuration;
  tracing.emit?.({ type: "members", epoch, members: [...members], settled });
}
