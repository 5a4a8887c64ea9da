// Runs in Deno alone: virtual time, with the packages of OpenTelemetry.
import { assert, assertEquals, assertGreater } from "@std/assert";
import { beforeAll, describe, it } from "@std/testing/bdd";
import { SpanStatusCode } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { openTelemetry } from "../../lib/opentelemetry/open_telemetry.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const Counter = {
  id: "counter",
  start: () => ({
    inc: () => 1,
    fail: () => {
      throw new RangeError("no");
    },
  }),
};

/** The duration of a span, in milliseconds. */
const duration = ({ duration: [seconds, nanoseconds] }: ReadableSpan) =>
  seconds * 1_000 + nanoseconds / 1e6;

describe("openTelemetry()", () => {
  let spans: ReadableSpan[];
  /** The sums of counters, and the counts of histograms, by their names. */
  let metrics: Map<string, number>;
  let attributes: Set<string>;

  beforeAll(async () => {
    const spanExporter = new InMemorySpanExporter();
    const spanProcessors = [new SimpleSpanProcessor(spanExporter)];
    const tracer = new BasicTracerProvider({ spanProcessors }).getTracer("synod");
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e6 });
    const provider = new MeterProvider({ readers: [reader] });
    const trace = openTelemetry({ tracer, meter: provider.getMeter("synod") });
    await using cluster = await VirtualCluster.start(3, { trace, hosts: [Counter] });
    const { time, nodes: [first, second] } = cluster;
    await time.until(first.kv.put("k", 1, { bucket: "b" }));
    const lock = await time.until(first.lock("lock", { label: "job" }));
    const waiting = second.lock("lock");
    await time.until(second.lock("lock", { ifAvailable: true }));
    await cluster.pass(1_000);
    await time.until(lock.release());
    await time.until((await time.until(waiting)).release());
    await time.until(first.name("a", Counter).inc());
    await time.until(first.name("a", Counter).fail().catch(() => {}));
    cluster.crash("n3");
    const third = await cluster.join("n3");
    await time.until(third.ready);
    spans = spanExporter.getFinishedSpans();
    await reader.forceFlush();
    metrics = new Map();
    attributes = new Set();
    const found = exporter.getMetrics().flatMap(({ scopeMetrics }) =>
      scopeMetrics.flatMap(({ metrics }) => metrics)
    );
    for (const { descriptor: { name }, dataPoints } of found) {
      for (const { value, attributes: own } of dataPoints) {
        const count = typeof value === "number" ? value : (value as { count: number }).count;
        metrics.set(name, (metrics.get(name) ?? 0) + count);
        for (const key of Object.keys(own)) attributes.add(key);
      }
    }
    await provider.shutdown();
  });

  const of = (name: string) => spans.filter((span) => span.name === name);

  it("makes a span of each proposal, with its key and its round trips", () => {
    const put = of("synod.proposal").find(({ attributes }) => attributes["synod.bucket"] === "b")!;
    assertEquals(put.attributes["synod.kind"], "key");
    assertEquals(put.attributes["synod.key"], '"k"');
    assertEquals(put.attributes["synod.round_trips"], 1);
    assert(duration(put) > 0 && duration(put) < 100);
  });

  it("makes spans of the wait for a lock and of holding it", () => {
    const waits = of("synod.lock.wait");
    assert(waits.some((span) => duration(span) >= 1_000));
    assert(waits.some(({ status }) => status.code === SpanStatusCode.ERROR));
    const holds = of("synod.lock.hold");
    assertEquals(holds.length, 2);
    assertEquals(holds[0].attributes["synod.label"], "job");
    assertGreater(duration(holds[0]), 999);
  });

  it("makes spans of calls, of the caller and of the host, and of recoveries", () => {
    const sides = of("synod.call").map(({ attributes, status }) =>
      [attributes["synod.side"], attributes["synod.method"], status.code].join(" ")
    );
    const { OK: _, ERROR, UNSET } = SpanStatusCode;
    for (const side of ["caller", "host"]) {
      assert(sides.includes(`${side} inc ${UNSET}`), side);
      assert(sides.includes(`${side} fail ${ERROR}`), side);
    }
    assertGreater(of("synod.recovery").length, 0);
  });

  it("counts and measures, without keys in the attributes", () => {
    for (
      const name of [
        "synod.proposals",
        "synod.proposal.duration",
        "synod.proposal.round_trips",
        "synod.session.round_trip",
        "synod.lock.wait.duration",
        "synod.lock.hold.duration",
        "synod.call.duration",
      ]
    ) {
      assertGreater(metrics.get(name) ?? 0, 0, name);
    }
    const known = ["kind", "outcome", "spec", "method", "side", "reason", "code"];
    assertEquals([...attributes].filter((name) => !known.includes(name)), []);
  });

  it("needs neither a tracer nor a meter", async () => {
    await using cluster = await VirtualCluster.start(1, { trace: openTelemetry({}) });
    await cluster.time.until(cluster.nodes[0].kv.put("k", 1));
  });
});
