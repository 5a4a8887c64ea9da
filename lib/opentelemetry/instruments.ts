/** Attributes of spans and metrics. */
export type Attributes = Record<string, string | number | boolean>;

/** The part of a `Span` of `@opentelemetry/api` that is used. */
export interface Span {
  /** Says how it has ended; 2 is an error. */
  setStatus(status: { code: number }): unknown;
  /** Ends it, at this time in milliseconds since 1970. */
  end(endTime?: number): void;
}

/** The part of a `Tracer` of `@opentelemetry/api` that is used. */
export interface Tracer {
  /** Begins a span, at this time in milliseconds since 1970. */
  startSpan(name: string, options?: { startTime?: number; attributes?: Attributes }): Span;
}

/** The part of a `Counter` of `@opentelemetry/api` that is used. */
export interface Counter {
  /** Counts. */
  add(value: number, attributes?: Attributes): void;
}

/** The part of a `Histogram` of `@opentelemetry/api` that is used. */
export interface Histogram {
  /** Takes one value. */
  record(value: number, attributes?: Attributes): void;
}

/** The part of a `Meter` of `@opentelemetry/api` that is used. */
export interface Meter {
  /** Makes a counter. */
  createCounter(name: string, options?: { description?: string; unit?: string }): Counter;
  /** Makes a histogram. */
  createHistogram(name: string, options?: { description?: string; unit?: string }): Histogram;
}

/** When a span was, in milliseconds, and whether what it is about failed. */
export interface SpanTimes {
  readonly at: number;
  readonly duration: number;
  readonly failed?: boolean;
}

/** The metrics of a node. */
export type Instruments = ReturnType<typeof instrumentsOf>;

/** Makes the metrics of a node. */
export function instrumentsOf(meter: Meter) {
  const seconds = (name: string, description: string) =>
    meter.createHistogram(name, { description, unit: "s" });
  const count = (name: string, description: string) => meter.createCounter(name, { description });
  return {
    proposals: count("synod.proposals", "Changes of registers that have ended"),
    retries: count("synod.proposal.retries", "Attempts that had to be made again"),
    proposalDuration: seconds("synod.proposal.duration", "Time that a change has taken"),
    roundTrips: meter.createHistogram("synod.proposal.round_trips", {
      description: "Round trips of a change",
    }),
    sessionRoundTrip: seconds("synod.session.round_trip", "Round trip of a renewal to a quorum"),
    sessionsLost: count("synod.sessions.lost", "Sessions that were lost after they were granted"),
    lockWait: seconds("synod.lock.wait.duration", "Time from the request of a lock to its end"),
    lockHold: seconds("synod.lock.hold.duration", "Time for which a lock was held"),
    callDuration: seconds("synod.call.duration", "Time that a call of a singleton has taken"),
    framesDropped: count("synod.frames.dropped", "Frames of other nodes that were dropped"),
    errors: count("synod.errors", "Errors that no operation waited for"),
  };
}
