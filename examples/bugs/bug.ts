import { SynodError } from "../../mod.ts";
import type { World, WorldMachine } from "../../testing/mod.ts";

/** A program with a classic bug, the program without it, and a test that tells them apart. */
export interface Bug<Program> {
  /** What the bug is. */
  readonly title: string;
  readonly broken: Program;
  readonly fixed: Program;
  /** Runs the program in a world with faults; throws if it does what it must not do. */
  test(world: World, program: Program): Promise<void>;
}

/** How all nodes are joined: with short sessions, so that the faults of a test can be short, too. */
export const QUICK = { sessionTtl: 1_000, timeout: 1_000 } as const;

/** Repeats `work` on a machine until that crashes. What the cluster could not do is done again. */
export async function repeat(machine: WorldMachine, work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof SynodError)) throw error;
    }
    await machine.sleep(100);
  }
}

/** Pauses a machine `times` times, by chance which one, when and for how long. */
export async function pauseOften(world: World, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    await world.sleep(1_000 * world.random());
    world.pause(any(world), 4_000 * world.random());
  }
  await world.sleep(5_000);
}

/** One of the members, by chance. */
export function any(world: World): string {
  return world.members[Math.floor(world.random() * world.members.length)];
}
