/**
 * Spans and metrics of a node, by the OpenTelemetry API that the program passes in.
 *
 * @module
 */
import type { TraceEvent, TraceLock } from "../trace.ts";
import { preview } from "../inspector/preview.ts";
import type { Attributes, Instruments, Meter, SpanTimes, Tracer } from "./instruments.ts";
import { instrumentsOf } from "./instruments.ts";

export type { Attributes, Counter, Histogram, Meter, Span, Tracer } from "./instruments.ts";

/** An event of `trace`; see `TraceEvent` of `@synod/synod`. */
export interface ReportedEvent {
  /** Its type. Those that are not known are left out. */
  readonly type: string;
  /** When it happened, in milliseconds since 1970. */
  readonly at: number;
}

/** Locks whose beginning is remembered until they are released; the spans of more are left out. */
const MOST_LOCKS = 10_000;

/** Options of {@linkcode openTelemetry}. */
export interface OpenTelemetryOptions {
  /** For spans: `trace.getTracer("synod")` of `@opentelemetry/api`. Without it there are none. */
  tracer?: Tracer;
  /** For metrics: `metrics.getMeter("synod")`. Without it there are none. */
  meter?: Meter;
}

/**
 * A callback for `trace` of `join` that reports spans and metrics. Spans: `synod.proposal`, `synod.lock.wait`,
 * `synod.lock.hold`, `synod.call` (of the caller, and of the host), `synod.recovery`; keys are in the spans, and not in
 * the metrics, which have few attributes. Durations are in seconds.
 *
 * ```ts
 * import { metrics, trace } from "@opentelemetry/api";
 * import { join, type Transport } from "@synod/synod";
 * import { openTelemetry } from "@synod/synod/opentelemetry";
 *
 * export function start(transport: Transport) {
 *   const tracer = trace.getTracer("synod");
 *   const meter = metrics.getMeter("synod");
 *   const members = ["w1", "w2", "w3"];
 *   return join({ id: "w1", members, transport, trace: openTelemetry({ tracer, meter }) });
 * }
 * ```
 */
export function openTelemetry(
  { tracer, meter }: OpenTelemetryOptions,
): (event: ReportedEvent) => void {
  const reporter = new Reporter(tracer, meter && instrumentsOf(meter));
  return (event) => reporter.report(event as TraceEvent);
}

class Reporter {
  readonly #tracer: Tracer | undefined;
  readonly #instruments: Instruments | undefined;
  /** When each lock of this node was requested, or granted. */
  readonly #locks = new Map<string, number>();
  #recovery: number | undefined;

  constructor(tracer: Tracer | undefined, instruments: Instruments | undefined) {
    this.#tracer = tracer;
    this.#instruments = instruments;
  }

  report(event: TraceEvent): void {
    const { at } = event;
    const all = this.#instruments;
    switch (event.type) {
      case "proposal.chosen":
      case "proposal.abandoned": {
        const { register: { kind, bucket, key }, roundTrips, duration } = event;
        const outcome = event.type === "proposal.chosen" ? "chosen" : "abandoned";
        all?.proposals.add(1, { kind, outcome });
        all?.proposalDuration.record(duration / 1_000, { kind, outcome });
        all?.roundTrips.record(roundTrips, { kind });
        const attributes = { "synod.kind": kind, "synod.round_trips": roundTrips };
        const place: Attributes = bucket === null ? {} : { "synod.bucket": bucket };
        const span = { ...attributes, ...place, "synod.key": preview(key) };
        return this.#span(
          "synod.proposal",
          { at, duration, failed: outcome === "abandoned" },
          span,
        );
      }
      case "proposal.refused":
      case "proposal.restarted":
        return all?.retries.add(1, { kind: event.register.kind, reason: event.type.slice(9) });
      case "session.renewed":
        return all?.sessionRoundTrip.record(event.roundTrip / 1_000);
      case "session.lost":
        return event.granted ? all?.sessionsLost.add(1) : undefined;
      case "recovery.began":
        this.#recovery ??= at;
        return;
      case "recovery.ended": {
        const duration = at - (this.#recovery ?? at);
        this.#recovery = undefined;
        const attributes = { "synod.registers": event.registers };
        return this.#span("synod.recovery", { at, duration }, attributes);
      }
      case "lock.requested":
        return this.#begin(event, at);
      case "lock.granted":
        all?.lockWait.record(event.waited / 1_000, { outcome: "granted" });
        this.#span("synod.lock.wait", { at, duration: event.waited }, lockAttributes(event));
        return this.#begin(event, at);
      case "lock.refused": {
        const duration = this.#end(event, at);
        if (duration === undefined) return;
        all?.lockWait.record(duration / 1_000, { outcome: event.reason });
        const attributes = { ...lockAttributes(event), "synod.reason": event.reason };
        return this.#span("synod.lock.wait", { at, duration, failed: true }, attributes);
      }
      case "lock.released":
      case "lock.lost": {
        const duration = this.#end(event, at);
        if (duration === undefined) return;
        const failed = event.type === "lock.lost";
        all?.lockHold.record(duration / 1_000, { outcome: failed ? "lost" : "released" });
        return this.#span("synod.lock.hold", { at, duration, failed }, lockAttributes(event));
      }
      case "call.ended":
      case "call.answered": {
        const { spec, key, method, outcome, duration } = event;
        const isCaller = event.type === "call.ended";
        const side = isCaller ? "caller" : "host";
        all?.callDuration.record(duration / 1_000, { spec, method, outcome, side });
        const peer = isCaller ? event.to : event.from;
        const names = { "synod.spec": spec, "synod.key": preview(key), "synod.method": method };
        const attributes = {
          ...names,
          "synod.outcome": outcome,
          "synod.side": side,
          "synod.peer": peer,
        };
        return this.#span(
          "synod.call",
          { at, duration, failed: outcome !== "returned" },
          attributes,
        );
      }
      case "frame.dropped":
        return all?.framesDropped.add(1, { reason: event.reason });
      case "error":
        return all?.errors.add(1, { code: event.code ?? "none" });
    }
  }

  #begin(lock: TraceLock, at: number): void {
    const name = nameOf(lock);
    if (this.#locks.size < MOST_LOCKS || this.#locks.has(name)) this.#locks.set(name, at);
  }

  /** The time since its beginning, in milliseconds; `undefined`: that is not remembered. */
  #end(lock: TraceLock, at: number): number | undefined {
    const name = nameOf(lock);
    const began = this.#locks.get(name);
    this.#locks.delete(name);
    return began === undefined ? undefined : at - began;
  }

  #span(name: string, { at, duration, failed }: SpanTimes, attributes: Attributes): void {
    const span = this.#tracer?.startSpan(name, { startTime: at - duration, attributes });
    // 2 is the code of an error in OpenTelemetry.
    if (failed === true) span?.setStatus({ code: 2 });
    span?.end(at);
  }
}

function nameOf({ pid: { session }, request }: TraceLock): string {
  return `${session}/${request}`;
}

function lockAttributes({ key, mode, label }: TraceLock): Attributes {
  const attributes = { "synod.key": preview(key), "synod.mode": mode };
  return label === null ? attributes : { ...attributes, "synod.label": label };
}
