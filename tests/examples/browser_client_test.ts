import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { bundleClient } from "../../examples/browser-client/main.ts";
import { browserRoutes, type Servers, startServers } from "../../examples/browser-client/server.ts";
import { Browser, type Tab } from "../../tasks/browser.ts";
import { deno, root } from "../../tasks/process.ts";

const SECRET = "vJ8nQmZ2xWc5TtLhYk7RbE4sDfGp9aUo";

describe("examples/browser-client: its routes", () => {
  const app = browserRoutes({ secret: SECRET, script: "", servers: [] });

  /** The cookie of a new guest. */
  async function visit(): Promise<string> {
    const cookie = (await app.request("/")).headers.get("set-cookie")!;
    assertMatch(cookie, /HttpOnly.*SameSite=Strict/);
    return cookie.split(";")[0];
  }

  const token = (tab: string, cookie?: string) =>
    app.request(`/token/${tab}`, { headers: cookie === undefined ? {} : { cookie } });

  it("give a user a token for the guest of their own tab, and for no other one", async () => {
    const [ada, bob] = [await visit(), await visit()];
    const subjects = [];
    for (const cookie of [ada, bob]) {
      const response = await token("0123abcd", cookie);
      assertEquals(response.status, 200);
      const claims = JSON.parse(atob((await response.text()).split(".")[1]));
      subjects.push(claims.sub);
      const { id } = await (await app.request("/guest/0123abcd", { headers: { cookie } })).json();
      assertEquals(claims.sub, id);
      assertMatch(id, /^guest-[0-9a-f]{8}\.0123abcd$/);
      const now = Date.now() / 1000;
      assert(claims.exp > now && claims.exp <= now + 61, "the token is valid for too long");
    }
    assert(subjects[0] !== subjects[1]);
  });

  it("refuse a request without a cookie, with a changed one, or with a malformed tab id", async () => {
    const cookie = await visit();
    const [, name, signature] = /^user=(guest-[0-9a-f]{8})\.(.+)$/.exec(
      decodeURIComponent(cookie),
    )!;
    const changed = `user=${encodeURIComponent(`guest-00000000.${signature}`)}`;
    assert(name !== "guest-00000000");
    assertEquals((await token("0123abcd")).status, 401);
    assertEquals((await token("0123abcd", changed)).status, 401);
    for (const tab of ["w1", "0123abcd.w1", "0123ABCD", "0123abcde"]) {
      assertEquals((await token(tab, cookie)).status, 401, tab);
    }
  });
});

describe("examples/browser-client: its page", () => {
  let servers: Servers;
  let browser: Browser;

  beforeAll(async () => {
    const script = await bundleClient();
    [servers, browser] = await Promise.all([
      startServers({ secret: SECRET, script }),
      Browser.launch(),
    ]);
  });

  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await servers[Symbol.asyncDispose]();
  });

  async function open(url: string): Promise<Tab> {
    const tab = await browser.newTab();
    await tab.goto(url);
    return tab;
  }

  const says = (tab: Tab, what: string) =>
    tab.waitUntil(
      (what) => document.getElementById("state")!.textContent!.includes(what),
      what,
    );

  const tokenOf = async (tab: Tab) => {
    await says(tab, "has the pen, with the token");
    const text = await tab.evaluate(() => document.getElementById("state")!.textContent!);
    return Number(/token (\d+)/.exec(text)![1]);
  };

  it("takes turns with its other tabs, from any server", async () => {
    const [first, second] = await Promise.all(servers.urls.slice(0, 2).map(open));
    await first.click("#take");
    const token = await tokenOf(first);
    await second.click("#take");
    await says(second, "waits");
    await first.click("#give");
    assertGreater(await tokenOf(second), token);
    await says(first, "The pen is gone.");

    // The tab that has the pen is closed without a message, and a server is lost at the same time.
    await first.click("#take");
    await says(first, "waits");
    await Promise.all([second.close(), servers.nodes[2].close()]);
    assertGreater(await tokenOf(first), token);
  });

  it("does not contain the secret", async () => {
    const tab = await open(servers.urls[0]);
    const texts = await tab.evaluate(async () => {
      const script = await (await fetch("/client.js")).text();
      return [document.documentElement.outerHTML, document.cookie, script];
    });
    for (const text of texts) assert(!text.includes(SECRET));
  });
});

describe("examples/browser-client: its program", () => {
  it("prints the addresses of the page, and serves it until it is interrupted", async () => {
    await using program = new Deno.Command(deno, {
      args: [
        "run",
        "--no-check",
        "--no-prompt",
        "--allow-read",
        "--allow-write",
        "--allow-env",
        "--allow-run",
        "--allow-net=127.0.0.1",
        `${root}examples/browser-client/main.ts`,
        "0",
      ],
      cwd: root,
      stdin: "null",
      stdout: "piped",
    }).spawn();
    let output = "";
    for await (const text of program.stdout.pipeThrough(new TextDecoderStream())) {
      output += text;
      if (!output.includes("\n")) continue;
      const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(output)![0];
      assertMatch(await (await fetch(url)).text(), /One pen for all tabs/);
      program.kill("SIGINT");
    }
    assertEquals((await program.status).code, 0);
  });
});
