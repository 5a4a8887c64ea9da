import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { addressOf, reasonOf, statusReason, textReason } from "../../../transports/link/reasons.ts";

describe("reasons", () => {
  it("of all runtimes say the same", () => {
    const cases: [reason: string, ...texts: string[]][] = [
      [
        "ECONNREFUSED: nothing listens there",
        "connect ECONNREFUSED 127.0.0.1:1",
        "client error (Connect): tcp connect error: Connection refused (os error 111)",
      ],
      [
        "ENOTFOUND: the host name is not known",
        "getaddrinfo ENOTFOUND no-such-host.invalid",
        "NetworkError: failed to connect to WebSocket: dns error",
      ],
      [
        "ECONNRESET: the connection was closed before there was an answer",
        "socket hang up",
        "WebSocket connection to 'ws://h/p' failed: Connection ended",
        "connection closed before message completed",
      ],
      [
        "404: nothing is mounted at this address",
        "Unexpected server response: 404",
        "WebSocket connection to 'ws://h/p' failed: Expected 101 status code: 404",
        "NetworkError: failed to connect to WebSocket: Invalid status code: 404",
      ],
      [
        "TLS: received corrupt message of type InvalidContentType",
        "NetworkError: failed to connect to WebSocket: received corrupt message of type InvalidContentType",
        "error sending request for url (https://h/p?key=1): client error (Connect): received corrupt message of type InvalidContentType",
      ],
      [
        "the platform gives no reason",
        "",
        "fetch failed",
        "WebSocket connection to 'ws://h/?k' failed: ",
      ],
    ];
    for (const [reason, ...texts] of cases) {
      for (const text of texts) assertEquals(textReason(text), reason, text);
    }
  });

  it("name the causes of an error", () => {
    const cause = Object.assign(new Error("connect failed"), { code: "ECONNREFUSED" });
    const error = new TypeError("fetch failed", { cause });
    assertEquals(reasonOf(error), "ECONNREFUSED: nothing listens there");
    assertEquals(reasonOf("strange"), "strange");
    assertEquals(reasonOf({}), "the platform gives no reason");
  });

  it("contain no address, no control characters, and are short", () => {
    const text = `broken at wss://user:pass@h/p?key=secret\u001b[31m\n${"x".repeat(1_000)}`;
    const reason = textReason(text);
    assertEquals(/secret|pass|[^ -~]/.test(reason), false, reason);
    assertEquals(reason.length <= 200, true);
  });

  it("say what an HTTP status means here", () => {
    assertEquals(statusReason(418), "status 418");
    assertEquals(
      statusReason(200, "text/html; charset=utf-8"),
      "200 with text/html: an answer that is not of a node: a proxy, or another program",
    );
  });

  it("name an address without what may be secret", () => {
    assertEquals(addressOf(new URL("wss://user:pass@h:8/p?key=1#x")), "wss://h:8/p");
  });
});
