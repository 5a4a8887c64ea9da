import { findPostgres, findRedis } from "../../../tasks/optional_programs.ts";
import { run } from "../../../tasks/process.ts";

/** A server of a database that runs on this machine, with its data in a temporary folder. */
export interface DatabaseServer {
  /** What its clients are told. */
  readonly url: string;
  stop(): Promise<void>;
}

/** The user that PostgreSQL runs as if the tests run as root, which it refuses. Debian's package brings it. */
const ORDINARY = "postgres";

/** Starts PostgreSQL. */
export async function startPostgres(): Promise<DatabaseServer> {
  const programs = await findPostgres();
  const folder = await Deno.makeTempDir({ prefix: "synod-postgres-" });
  const user = Deno.uid() === 0 ? await idsOf(ORDINARY) : null;
  if (user !== null) await Deno.chown(folder, user.uid, user.gid);
  const options = {
    ...user,
    cwd: folder,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  } as const;
  const data = `${folder}/data`;
  const settings = ["-U", "synod", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
  const made = await new Deno.Command(`${programs}initdb`, {
    ...options,
    args: ["-D", data, ...settings],
  }).output();
  if (!made.success) throw new Error(`initdb failed:\n${new TextDecoder().decode(made.stderr)}`);
  const port = freePort();
  // No socket in the file system, and nothing that is flushed to the disk.
  const args = ["-D", data, "-h", "127.0.0.1", "-p", `${port}`, "-k", "", "-F"];
  const child = new Deno.Command(`${programs}postgres`, { ...options, args }).spawn();
  // A clean end that waits for no client.
  return await served(child, "SIGINT", folder, `postgres://synod@127.0.0.1:${port}/postgres`);
}

/** Starts Redis, which keeps nothing on the disk. */
export async function startRedis(): Promise<DatabaseServer> {
  const program = await findRedis();
  const folder = await Deno.makeTempDir({ prefix: "synod-redis-" });
  const port = freePort();
  const child = new Deno.Command(program, {
    args: ["--bind", "127.0.0.1", "--port", `${port}`, "--save", "", "--appendonly", "no"],
    ...{ cwd: folder, stdin: "null", stdout: "piped", stderr: "piped" },
  }).spawn();
  return await served(child, "SIGTERM", folder, `redis://127.0.0.1:${port}`);
}

/** Resolves when the server says that it is ready; throws what it said if it ends before. */
async function served(
  child: Deno.ChildProcess,
  signal: Deno.Signal,
  folder: string,
  url: string,
): Promise<DatabaseServer> {
  const said: string[] = [];
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  // To the end, since a server whose output is not read stands still.
  const read = Promise.all([child.stdout, child.stderr].map(async (stream) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      said.push(text);
      if (/ready to accept connections/i.test(said.join(""))) resolve();
    }
  }));
  const ended = child.status.then(async ({ code }) => {
    await read;
    await Deno.remove(folder, { recursive: true });
    return code;
  });
  const early = await Promise.race([ready, ended]);
  if (early !== undefined) throw new Error(`the server ended with ${early}:\n${said.join("")}`);
  return {
    url,
    async stop() {
      child.kill(signal);
      await ended;
    },
  };
}

/** The numbers of a user. */
async function idsOf(user: string): Promise<{ uid: number; gid: number }> {
  const [uid, gid] = await Promise.all(["-u", "-g"].map(async (option) => {
    const { code, output } = await run("id", [option, user]);
    if (code !== 0) throw new Error(`PostgreSQL does not run as root, and: ${output}`);
    return Number(output);
  }));
  return { uid, gid };
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}
