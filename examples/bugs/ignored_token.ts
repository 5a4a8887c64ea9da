import { type Bug, pauseOften, QUICK, repeat } from "./bug.ts";

interface Store {
  value: string;
  /** The highest token so far. */
  token: number;
}

type Program = (store: Store, value: string, token: number) => void;

/** A write was sent in time, but arrives when the lock has another owner: only the store can refuse it. */
export const ignoredToken: Bug<Program> = {
  title: "a store that ignores the fencing token",

  broken(store, value, token) {
    store.value = value;
    store.token = token;
  },

  fixed(store, value, token) {
    if (token < store.token) return;
    store.value = value;
    store.token = token;
  },

  async test(world, program) {
    const store: Store = { value: "", token: 0 };
    await world.join("a", "b", "c", {
      ...QUICK,
      program: (node, machine) =>
        repeat(machine, async () => {
          const lock = await node.lock("store");
          lock.signal.throwIfAborted();
          // The way to the store takes up to three seconds.
          world.setTimeout(() => {
            const before = store.token;
            program(store, `by ${node.id}`, lock.token);
            if (store.token < before) throw new Error("an old value has replaced a newer one");
          }, 3_000 * world.random());
          await machine.sleep(500);
          await lock.release();
        }),
    });
    await pauseOften(world, 5);
  },
};
