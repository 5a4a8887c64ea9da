import { Devtools, type Params } from "./devtools.ts";
import { findChromium } from "./optional_programs.ts";

/** Limit for a browser to start, and for a page to reach an expected state, in milliseconds. */
const PATIENCE = 30_000;

/** Flags: no background traffic, so only the pages make requests. */
const FLAGS = [
  "--headless",
  "--no-sandbox", // tests may run as root, in a container without a sandbox
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
];

/**
 * A headless Chromium, driven by the DevTools protocol. Its tabs are those of one user in one window:
 * they share storage and channels, and all but one are hidden, so their timers are throttled. (Common
 * test tools make each tab believe that it is in front.)
 */
export class Browser implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #folder: string;
  readonly #devtools: Devtools;
  readonly #errors: Promise<unknown>;

  private constructor(
    process: Deno.ChildProcess,
    folder: string,
    devtools: Devtools,
    errors: Promise<unknown>,
  ) {
    this.#process = process;
    this.#folder = folder;
    this.#devtools = devtools;
    this.#errors = errors;
  }

  /** Starts a browser with an empty profile. */
  static async launch(): Promise<Browser> {
    const folder = await Deno.makeTempDir({ prefix: "synod-chromium-" });
    const process = new Deno.Command(await findChromium(), {
      args: [...FLAGS, `--user-data-dir=${folder}`, "about:blank"],
      // The folder for files outside the profile, such as crash reports.
      env: { XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    let said = "";
    const listening = Promise.withResolvers<string | null>();
    const errors = (async () => {
      for await (const text of process.stderr.pipeThrough(new TextDecoderStream())) {
        said = (said + text).slice(-10_000);
        const url = /^DevTools listening on (ws:\S+)$/m.exec(said);
        if (url) listening.resolve(url[1]);
      }
      listening.resolve(null); // the browser has ended
    })();
    const timer = setTimeout(() => listening.resolve(null), PATIENCE);
    const url = await listening.promise;
    clearTimeout(timer);
    if (url === null) {
      kill(process);
      await errors;
      await remove(folder);
      throw new Error(`the browser does not start:\n${said}`);
    }
    return new Browser(process, folder, await Devtools.connect(url), errors);
  }

  /** A new tab, in front of the others. */
  async newTab(): Promise<Tab> {
    const { targetId } = await this.#devtools.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.#devtools.send("Target.attachToTarget", {
      targetId,
      flatten: true,
    });
    await this.#devtools.send("Page.enable", {}, sessionId);
    return new Tab(this.#devtools, targetId, sessionId);
  }

  /** Closes the browser, and removes its profile. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#devtools.send("Browser.close").catch(() => {});
    const timer = setTimeout(() => kill(this.#process), PATIENCE);
    await Promise.all([this.#process.status, this.#errors]);
    clearTimeout(timer);
    await remove(this.#folder);
  }
}

/** A tab. */
export class Tab {
  readonly #devtools: Devtools;
  readonly #target: string;
  readonly #session: string;
  #closed = false;

  /** Made by {@linkcode Browser.newTab}. */
  constructor(devtools: Devtools, target: string, session: string) {
    this.#devtools = devtools;
    this.#target = target;
    this.#session = session;
  }

  /** Resolves when the page has loaded, its modules included. */
  async goto(url: string): Promise<void> {
    const loaded = this.#devtools.event("Page.loadEventFired", this.#session);
    const { errorText } = await this.#devtools.send("Page.navigate", { url }, this.#session);
    if (errorText) throw new Error(`${url}: ${errorText}`);
    await loaded;
  }

  /**
   * Runs `work` in the page, and resolves to its result; arguments and results are JSON. `work` must use
   * no variable from outside but `argument`.
   */
  async evaluate<R, A = undefined>(
    work: (argument: A) => R | Promise<R>,
    ...[argument]: A extends undefined ? [] : [A]
  ): Promise<R> {
    const expression = `(${work})(${argument === undefined ? "" : JSON.stringify(argument)})`;
    const { result, exceptionDetails } = await this.#devtools.send(
      "Runtime.evaluate",
      { expression, awaitPromise: true, returnByValue: true },
      this.#session,
    );
    if (exceptionDetails) {
      const { exception, text } = exceptionDetails;
      throw new Error(`in the page: ${exception?.description ?? text}`);
    }
    return result.value;
  }

  /** Puts the tab in front of the others. */
  async show(): Promise<void> {
    await this.#devtools.send("Target.activateTarget", { targetId: this.#target });
  }

  /** Freezes the tab, as browsers do with tabs that are hidden for long, or resumes it. */
  async freeze(frozen: boolean): Promise<void> {
    const state = frozen ? "frozen" : "active";
    await this.#devtools.send("Page.setWebLifecycleState", { state }, this.#session);
  }

  /** Resolves when `test` is true in the page. */
  async waitUntil<A>(test: (argument: A) => boolean, argument: A): Promise<void> {
    const end = Date.now() + PATIENCE;
    const expression = `(${test})(${JSON.stringify(argument)})`;
    // Polled from this process: the page's own timers are slow while it is hidden.
    for (;;) {
      const { result } = await this.#devtools.send(
        "Runtime.evaluate",
        { expression },
        this.#session,
      );
      if (result.value === true) return;
      if (Date.now() > end) throw new Error(`not true within ${PATIENCE} ms: ${expression}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Puts the tab in front, and clicks on the element that `selector` finds as soon as that is possible. */
  async click(selector: string): Promise<void> {
    await this.show();
    await this.waitUntil((selector) => {
      const button = document.querySelector<HTMLButtonElement>(selector);
      return button !== null && !button.disabled;
    }, selector);
    await this.evaluate(
      (selector) => document.querySelector<HTMLButtonElement>(selector)!.click(),
      selector,
    );
  }

  /** Sets the size of the page, in pixels, and whether the user prefers dark colours. */
  async emulate(
    { width, height, dark }: {
      readonly width: number;
      readonly height: number;
      readonly dark: boolean;
    },
  ): Promise<void> {
    const size = { width, height, deviceScaleFactor: 1, mobile: false };
    await this.#devtools.send("Emulation.setDeviceMetricsOverride", size, this.#session);
    const features = [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }];
    await this.#devtools.send("Emulation.setEmulatedMedia", { features }, this.#session);
  }

  /** What the tab shows, as a PNG. */
  async screenshot(): Promise<Uint8Array<ArrayBuffer>> {
    const { data } = await this.#devtools.send("Page.captureScreenshot", {}, this.#session);
    return Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  }

  /** Returns what crashes the process of the tab at once. What is left of the tab is to be closed. */
  async prepareCrash(): Promise<() => Promise<void>> {
    await this.#devtools.send("Inspector.enable", {}, this.#session);
    return async () => {
      const crashed = this.#devtools.event("Inspector.targetCrashed", this.#session);
      // A process that has crashed answers nothing.
      this.#devtools.send("Page.crash", {}, this.#session).catch(() => {});
      await crashed;
    };
  }

  /** The id of the tab's process: of all renderers the one that works while the tab does. */
  async processId(): Promise<number> {
    const before = await this.#cpuTimes();
    await this.evaluate(() => {
      const end = performance.now() + 100;
      while (performance.now() < end);
    });
    const times = [...await this.#cpuTimes()].map(([id, time]) => ({
      id,
      used: time - (before.get(id) ?? 0),
    }));
    return times.reduce((most, one) => one.used > most.used ? one : most).id;
  }

  async #cpuTimes(): Promise<Map<number, number>> {
    const { processInfo } = await this.#devtools.send("SystemInfo.getProcessInfo");
    const renderers = (processInfo as Params[]).filter(({ type }) => type === "renderer");
    return new Map(renderers.map(({ id, cpuTime }) => [id, cpuTime]));
  }

  /** Closes the tab at once, without running its unload handlers; does nothing if it was closed. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#devtools.send("Target.closeTarget", { targetId: this.#target });
  }
}

/** Removes a folder; retries while helper processes of the browser still write into it. */
async function remove(folder: string): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      return await Deno.remove(folder, { recursive: true });
    } catch (error) {
      if (attempt === 10) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function kill(process: Deno.ChildProcess): void {
  try {
    process.kill("SIGKILL");
  } catch {
    // It has ended already.
  }
}
