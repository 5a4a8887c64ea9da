/**
 * A cluster that is killed whole, and has everything when it has started again: its members keep what they agree to in
 * SQLite.
 *
 *     deno task example:total-restart
 *
 * Three processes take orders over HTTP, while this one kills all of them at once, twice. After each start it asks for
 * every order that was confirmed. The exit code is 1 if one of them is lost.
 *
 * Start reading at `main`; `member.ts` is one of the processes.
 *
 * @module
 */

/** The members. */
const IDS = ["w1", "w2", "w3"];

/** How often all of them are killed. */
const KILLS = 2;

/** Time of work before each of these, in milliseconds. */
const WORK = 1_000;

/** Time between two attempts of what cannot be done yet, in milliseconds. */
const PAUSE = 50;

/** The process of a member. */
interface Member {
  readonly process: Deno.ChildProcess;
  /** Where its HTTP server is. */
  readonly url: string;
}

/** Starts all members, each with its file in `folder`. */
async function startAll(folder: string): Promise<Member[]> {
  const program = decodeURIComponent(new URL("./member.ts", import.meta.url).pathname);
  const processes = IDS.map((id) =>
    new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--no-check", "--no-prompt", "--allow-net=127.0.0.1"],
        ...[`--allow-read=${folder}`, `--allow-write=${folder}`, program, id, `${folder}/${id}.db`],
      ],
      stdin: "piped",
      stdout: "piped",
    }).spawn()
  );
  // Each says at which port it listens. In production the addresses are known.
  const urls = await Promise.all(processes.map(async ({ stdout }) => {
    for await (const text of stdout.pipeThrough(new TextDecoderStream())) return text.trim();
    throw new Error("a member has ended");
  }));
  for (const { stdin } of processes) {
    const writer = stdin.getWriter();
    await writer.write(new TextEncoder().encode(`${JSON.stringify(urls)}\n`));
    writer.releaseLock();
  }
  return processes.map((process, index) => ({ process, url: urls[index] }));
}

/** Kills all members at the same time, as a power failure does. */
async function killAll(members: readonly Member[]): Promise<void> {
  for (const { process } of members) process.kill("SIGKILL");
  await Promise.all(members.map(({ process }) => process.status));
}

const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE));

/** Places orders at one member until that is killed; adds those that it has confirmed to `confirmed`. */
async function placeOrders(url: string, name: string, confirmed: Set<string>): Promise<void> {
  for (let number = 0;; number++) {
    const order = `${name}-${number}`;
    try {
      const { status } = await fetch(`${url}/orders/${order}`, { method: "PUT" });
      if (status === 201) confirmed.add(order);
      // It has no quorum, or not yet.
      else await pause();
    } catch {
      return;
    }
  }
}

/** Whether the members have this order; waits until they have a quorum. */
async function isThere(url: string, order: string): Promise<boolean> {
  for (;;) {
    const { status } = await fetch(`${url}/orders/${order}`);
    if (status === 200 || status === 404) return status === 200;
    await pause();
  }
}

async function main(): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "synod-total-restart-" });
  const confirmed = new Set<string>();
  for (let start = 0; start <= KILLS; start++) {
    const members = await startAll(folder);
    let lost = 0;
    for (const order of confirmed) {
      if (!await isThere(members[1].url, order)) lost++;
    }
    console.log(`start ${start + 1}: ${confirmed.size} orders were confirmed, ${lost} are lost`);
    if (lost > 0) Deno.exitCode = 1;
    const before = confirmed.size;
    const placing: Promise<void>[] = [];
    if (start < KILLS) {
      const place = ({ url }: Member, index: number) =>
        placeOrders(url, `${IDS[index]}-${start}`, confirmed);
      placing.push(...members.map(place));
      // They have a quorum then.
      while (confirmed.size === before) await pause();
      await new Promise((resolve) => setTimeout(resolve, WORK));
    }
    await killAll(members);
    await Promise.all(placing);
  }
  if (confirmed.size === 0) Deno.exitCode = 1;
  await Deno.remove(folder, { recursive: true });
}

if (import.meta.main) await main();
