import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import type { SessionMonitor } from "../../lib/owners/session_monitor.ts";
import { Places } from "../../lib/singletons/places.ts";

const LIFE = "-P70F6sqFhqk35ea00oQ";

/** Places that are remembered; see `MAX_PLACES` in `lib/singletons/places.ts`. */
const MAX_PLACES = 10_000;

/** An instance on `node`, in its session with this number. */
function place(node: string, session = 1, token = 5) {
  return { pid: { node, session: `${node}/${LIFE}/${session}`, seq: 7 }, token };
}

/** Places, and the sessions that are watched for them. */
class Script {
  readonly watched = new Map<string, () => void>();
  readonly places: Places;

  constructor() {
    const watch = (session: string, ended: () => void) => {
      assertEquals(this.watched.has(session), false);
      this.watched.set(session, ended);
      return () => void this.watched.delete(session);
    };
    this.places = new Places({ watch } as unknown as SessionMonitor);
  }

  /** The nodes whose sessions are watched. */
  get nodes(): string[] {
    return Array.from(this.watched.keys(), (session) => session.slice(0, session.indexOf("/")));
  }
}

describe("places", () => {
  it("remember the latest place of each instance", () => {
    const { places } = new Script();
    assertEquals(places.get("s1"), undefined);
    places.set("s1", place("w1"));
    places.set("s2", place("w2"));
    places.set("s1", place("w3", 1, 9));
    assertEquals([places.get("s1"), places.get("s2")], [place("w3", 1, 9), place("w2")]);
  });

  it("watch each session once, while an instance is known to run in it", () => {
    const script = new Script();
    const { places } = script;
    for (const register of ["s1", "s2", "s3"]) places.set(register, place("w1"));
    assertEquals(script.nodes, ["w1"]);
    places.set("s2", place("w2"));
    assertEquals(script.nodes, ["w1", "w2"]);
    places.delete("s1");
    assertEquals(script.nodes, ["w1", "w2"]);
    places.delete("s3");
    assertEquals(script.nodes, ["w2"]);
    places.set("s2", place("w2"));
    assertEquals(script.nodes, ["w2"]);
  });

  it("forget all instances of a session that has ended, and no others", () => {
    const script = new Script();
    const { places } = script;
    places.set("s1", place("w1"));
    places.set("s2", place("w1"));
    places.set("s3", place("w1", 2));
    places.set("s4", place("w2"));
    script.watched.get(place("w1").pid.session)!();
    const left = ["s1", "s2", "s3", "s4"].filter((register) => places.get(register) !== undefined);
    assertEquals(left, ["s3", "s4"]);
    places.gone(place("w2").pid.session);
    places.gone(place("w9").pid.session);
    assertEquals(places.get("s4"), undefined);
    assertEquals(script.nodes, ["w1"]);
  });

  it("forget an instance only by its own token: late news may be about an earlier one", () => {
    const { places } = new Script();
    places.set("s1", place("w1", 1, 9));
    places.delete("s1", 5);
    assertEquals(places.get("s1"), place("w1", 1, 9));
    places.delete("s1", 9);
    assertEquals(places.get("s1"), undefined);
    places.delete("s1", 9);
  });

  it("forget the oldest place beyond 10,000, and stop its watch", () => {
    const script = new Script();
    const { places } = script;
    places.set("first", place("w1"));
    places.set("second", place("w2"));
    for (let n = 0; n < MAX_PLACES - 2; n++) places.set(`s${n}`, place("w3"));
    // The first one was found again since: now the second one is the oldest.
    places.set("first", place("w1"));
    places.set("last", place("w3"));
    assertEquals([places.get("first"), places.get("second")], [place("w1"), undefined]);
    assertEquals(script.nodes.sort(), ["w1", "w3"]);
  });

  it("forget all, and watch nothing, when they are cleared", () => {
    const script = new Script();
    const { places } = script;
    for (const node of ["w1", "w2", "w3"]) places.set(node, place(node));
    places.clear();
    assertEquals([places.get("w1"), places.get("w2"), script.nodes], [undefined, undefined, []]);
  });
});
