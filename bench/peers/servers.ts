/** Servers of one kind that run on this machine. */
export interface Servers {
  /** What their clients are told. */
  readonly addresses: readonly string[];
  close(): Promise<void>;
}

/** Milliseconds that servers have to listen. */
const START = 15_000;

/** Starts a cluster of `count` etcd servers, with their data in `folder`. */
export async function startEtcd(count: number, folder: string): Promise<Servers> {
  const ports = freePorts(2 * count);
  const peer = (index: number) => `http://127.0.0.1:${ports[count + index]}`;
  const client = (index: number) => `http://127.0.0.1:${ports[index]}`;
  const all = Array.from({ length: count }, (_, index) => `m${index}=${peer(index)}`).join(",");
  return await start(
    ports.slice(0, count),
    (index) => [
      "etcd",
      ...["--name", `m${index}`, "--data-dir", `${folder}/etcd${index}`, "--log-level", "error"],
      ...["--listen-client-urls", client(index), "--advertise-client-urls", client(index)],
      ...["--listen-peer-urls", peer(index), "--initial-advertise-peer-urls", peer(index)],
      ...["--initial-cluster", all, "--initial-cluster-state", "new"],
    ],
    client,
  );
}

/** Starts `count` independent Redis servers that keep nothing on disk. */
export async function startRedis(count: number, folder: string): Promise<Servers> {
  const ports = freePorts(count);
  return await start(
    ports,
    (index) => [
      "redis-server",
      ...["--bind", "127.0.0.1", "--port", `${ports[index]}`, "--dir", folder],
      ...["--save", "", "--appendonly", "no", "--loglevel", "warning"],
    ],
    (index) => `${ports[index]}`,
  );
}

async function start(
  ports: readonly number[],
  commandOf: (index: number) => string[],
  addressOf: (index: number) => string,
): Promise<Servers> {
  const children = ports.map((_, index) => {
    const [program, ...args] = commandOf(index);
    return new Deno.Command(program, { args, stdout: "null", stderr: "null" }).spawn();
  });
  const close = async () => {
    for (const child of children) {
      try {
        child.kill("SIGTERM");
      } catch {
        // It has ended.
      }
    }
    await Promise.all(children.map((child) => child.status));
  };
  try {
    for (const port of ports) await listens(port);
  } catch (error) {
    await close();
    throw error;
  }
  return { addresses: ports.map((_, index) => addressOf(index)), close };
}

async function listens(port: number): Promise<void> {
  const end = performance.now() + START;
  for (;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function freePorts(count: number): number[] {
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  const ports = listeners.map(({ addr }) => (addr as Deno.NetAddr).port);
  for (const listener of listeners) listener.close();
  return ports;
}
