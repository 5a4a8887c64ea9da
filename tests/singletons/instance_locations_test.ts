import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import type { SessionMonitor } from "../../lib/owners/session_monitor.ts";
import { InstanceLocations } from "../../lib/singletons/instance_locations.ts";

const LIFE = "-P70F6sqFhqk35ea00oQ";

/** Locations that are remembered; see `MAX_LOCATIONS` in `lib/singletons/instance_locations.ts`. */
const MAX_LOCATIONS = 10_000;

/** An instance on `node`, in its session with this number. */
function location(node: string, session = 1, token = 5) {
  return { pid: { node, session: `${node}/${LIFE}/${session}`, seq: 7 }, token };
}

/** Locations, and the sessions that are watched for them. */
class Script {
  readonly watched = new Map<string, () => void>();
  readonly locations: InstanceLocations;

  constructor() {
    const watch = (session: string, ended: () => void) => {
      assertEquals(this.watched.has(session), false);
      this.watched.set(session, ended);
      return () => void this.watched.delete(session);
    };
    this.locations = new InstanceLocations({ watch } as unknown as SessionMonitor);
  }

  /** The nodes whose sessions are watched. */
  get nodes(): string[] {
    return Array.from(this.watched.keys(), (session) => session.slice(0, session.indexOf("/")));
  }
}

describe("locations", () => {
  it("remember the latest location of each instance", () => {
    const { locations } = new Script();
    assertEquals(locations.get("s1"), undefined);
    locations.set("s1", location("w1"));
    locations.set("s2", location("w2"));
    locations.set("s1", location("w3", 1, 9));
    assertEquals([locations.get("s1"), locations.get("s2")], [
      location("w3", 1, 9),
      location("w2"),
    ]);
  });

  it("watch each session once, while an instance is known to run in it", () => {
    const script = new Script();
    const { locations } = script;
    for (const register of ["s1", "s2", "s3"]) locations.set(register, location("w1"));
    assertEquals(script.nodes, ["w1"]);
    locations.set("s2", location("w2"));
    assertEquals(script.nodes, ["w1", "w2"]);
    locations.delete("s1");
    assertEquals(script.nodes, ["w1", "w2"]);
    locations.delete("s3");
    assertEquals(script.nodes, ["w2"]);
    locations.set("s2", location("w2"));
    assertEquals(script.nodes, ["w2"]);
  });

  it("forget all instances of a session that has ended, and no others", () => {
    const script = new Script();
    const { locations } = script;
    locations.set("s1", location("w1"));
    locations.set("s2", location("w1"));
    locations.set("s3", location("w1", 2));
    locations.set("s4", location("w2"));
    script.watched.get(location("w1").pid.session)!();
    const left = ["s1", "s2", "s3", "s4"].filter((register) =>
      locations.get(register) !== undefined
    );
    assertEquals(left, ["s3", "s4"]);
    locations.gone(location("w2").pid.session);
    locations.gone(location("w9").pid.session);
    assertEquals(locations.get("s4"), undefined);
    assertEquals(script.nodes, ["w1"]);
  });

  it("forget an instance only by its own token: late news may be about an earlier one", () => {
    const { locations } = new Script();
    locations.set("s1", location("w1", 1, 9));
    locations.delete("s1", 5);
    assertEquals(locations.get("s1"), location("w1", 1, 9));
    locations.delete("s1", 9);
    assertEquals(locations.get("s1"), undefined);
    locations.delete("s1", 9);
  });

  it("forget the oldest location beyond 10,000, and stop its watch", () => {
    const script = new Script();
    const { locations } = script;
    locations.set("first", location("w1"));
    locations.set("second", location("w2"));
    for (let n = 0; n < MAX_LOCATIONS - 2; n++) locations.set(`s${n}`, location("w3"));
    // The first one was found again since: now the second one is the oldest.
    locations.set("first", location("w1"));
    locations.set("last", location("w3"));
    assertEquals([locations.get("first"), locations.get("second")], [location("w1"), undefined]);
    assertEquals(script.nodes.sort(), ["w1", "w3"]);
  });

  it("forget all, and watch nothing, when they are cleared", () => {
    const script = new Script();
    const { locations } = script;
    for (const node of ["w1", "w2", "w3"]) locations.set(node, location(node));
    locations.clear();
    assertEquals([locations.get("w1"), locations.get("w2"), script.nodes], [
      undefined,
      undefined,
      [],
    ]);
  });
});
