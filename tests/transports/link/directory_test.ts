import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { checkPeers, type PeerAddresses } from "../../../transports/link/addresses.ts";
import { Directory, type PeerAddress, type PeerLink } from "../../../transports/link/directory.ts";
import { ConnectionReports } from "../../../transports/link/reports.ts";

/** What connects to one peer: notes what it is told. */
class Link implements PeerLink {
  readonly address: PeerAddress;
  readonly calls: string[] = [];
  readonly start = () => void this.calls.push("start");
  readonly rest = () => void this.calls.push("rest");
  readonly resume = () => void this.calls.push("resume");
  readonly hint = () => void this.calls.push("hint");

  constructor(address: PeerAddress) {
    this.address = address;
  }
}

/** The directory of node `a`. */
function directory(peers: PeerAddresses | undefined, ...members: string[]) {
  const failed: string[] = [];
  const reported: string[] = [];
  const connected = new Set<string>();
  const links = new Map<string, Link>();
  const user = {
    sessionTtl: 5_000,
    members,
    failed: (id: string, why: string) => void failed.push(`${id}: ${why}`),
  };
  const made = new Directory<Link>({
    ...checkPeers("test", peers, ["ws:"]),
    ...{ transport: "test", self: "a", user },
    reports: new ConnectionReports(({ message }) => reported.push(message)),
    isConnected: (id) => connected.has(id),
    connect: (id, address) => {
      const link = new Link(address);
      links.set(id, link);
      return link;
    },
  });
  const now = (...ids: string[]) => {
    user.members = ids;
    made.follow();
  };
  return { made, now, failed, reported, connected, links };
}

const WITHOUT = "test: peers has no address of it, and it has not connected";

describe("Directory: a table of addresses", () => {
  it("connects to all of it but to itself, whoever the members are", () => {
    const { made, now, links } = directory({ a: "ws://a/", b: "ws://b/", x: "ws://x/" }, "a", "b");
    assertEquals(made.ownHost, "a");
    made.follow();
    now("a", "x", "b");
    assertEquals([...links].map(([id, { calls }]) => [id, calls]), [["b", ["start"]], [
      "x",
      ["start"],
    ]]);
    assertEquals([...made].map(([id]) => id), ["b", "x"]);
    const found = links.get("b")!.address.ask();
    assertEquals([found instanceof URL && found.href, made.get("b"), made.get("a")], [
      "ws://b/",
      links.get("b"),
      undefined,
    ]);
  });

  it("tells once of each member without an address, also of one that comes later", () => {
    const { made, now, failed, connected } = directory({ b: "ws://b/" }, "a", "b", "c");
    made.follow();
    made.follow();
    connected.add("e");
    now("a", "b", "c", "d", "e");
    assertEquals(failed, [`c: ${WITHOUT}`, `d: ${WITHOUT}`]);
  });
});

describe("Directory: a function that says addresses", () => {
  const rule = (id: string) => `ws://${id}.example/synod`;

  it("connects to the members, and asks for the address before each attempt", () => {
    let port = 0;
    const { made, links } = directory((id) => `${rule(id)}/${++port}`, "a", "b");
    made.follow();
    assertEquals([...links].map(([id, { calls }]) => [id, calls]), [["b", ["start"]]]);
    const { address } = links.get("b")!;
    assertEquals([address.latest, port], [null, 0]);
    for (const path of ["/synod/1", "/synod/2"]) {
      address.ask();
      assertEquals(address.latest?.pathname, path);
    }
  });

  it("connects to members that come, rests for those that go, and goes on when they come again", () => {
    const { now, links } = directory(rule, "a", "b");
    now("a", "b");
    now("a", "b", "c");
    now("a", "c");
    now("a", "c", "b");
    assertEquals(links.get("b")!.calls, ["start", "resume", "hint", "rest", "resume", "hint"]);
    assertEquals(links.get("c")!.calls[0], "start");
  });

  it("tells of a member without an address each time, unless that has connected by itself", () => {
    const { made, failed, connected, links } = directory(() => null, "a", "b");
    made.follow();
    const { address } = links.get("b")!;
    const fail = () => made.failed("b", address.ask() as string, address.latest);
    fail();
    connected.add("b");
    fail();
    connected.clear();
    fail();
    assertEquals(failed, [`b: ${WITHOUT}`, `b: ${WITHOUT}`]);
  });

  it("names the address of an attempt that has failed, without what may be secret", () => {
    const { made, failed, links } = directory((id) => `${rule(id)}?key=1`, "a", "b");
    made.follow();
    const { address } = links.get("b")!;
    address.ask();
    made.failed("b", "404", address.latest);
    assertEquals(failed, ["b: ws://b.example/synod: 404"]);
  });

  it("reports a failure of the function, or a bad address, once until they connect", () => {
    let answer: () => string | null = () => {
      throw new Error("no such place");
    };
    const { made, reported, links } = directory(() => answer(), "a", "b", "c");
    made.follow();
    const ask = (id: string) => links.get(id)!.address.ask();
    const why = "test: peers has failed for b: no such place";
    assertEquals([ask("b"), ask("b"), links.get("b")!.address.latest], [why, why, null]);
    assertEquals(reported, [why]);
    answer = () => "nonsense";
    ask("c");
    assertEquals(reported.length, 2);
    answer = () => "ws://c/";
    assertEquals(ask("c") instanceof URL, true);
  });

  it("asks for its own address only as a member, and needs none", () => {
    const asked: string[] = [];
    const note = (id: string) => {
      asked.push(id);
      return rule(id);
    };
    assertEquals(directory(note, "b", "c").made.ownHost, undefined);
    assertEquals(directory(note, "a", "b").made.ownHost, "a.example");
    assertEquals(asked, ["a"]);
    const fails = () => {
      throw new Error("no such place");
    };
    const { made, reported } = directory(fails, "a");
    assertEquals([made.ownHost, reported], [undefined, []]);
  });
});
