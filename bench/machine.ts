/** What a measurement depends on besides the code. */
export interface Machine {
  readonly date: string;
  readonly system: string;
  readonly cores: number;
  readonly memory: string;
  readonly deno: string;
}

/** This machine, now. */
export function machine(): Machine {
  return {
    date: new Date().toISOString(),
    system: `${Deno.build.os} ${Deno.build.arch}`,
    cores: navigator.hardwareConcurrency,
    memory: `${Math.round(Deno.systemMemoryInfo().total / 2 ** 30)} GiB`,
    deno: Deno.version.deno,
  };
}
