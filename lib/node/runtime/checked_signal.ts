/**
 * Makes `signal.aborted` correct at the instant of the call: `check` aborts the signal if what it stands for is
 * over. A timer does so too, but after a pause of the process other callbacks may run before it.
 */
export function checkedSignal(signal: AbortSignal, check: () => void): AbortSignal {
  const { get } = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted")!;
  const isAborted = (): boolean => get!.call(signal);
  let isChecking = false;
  const checked = (): boolean => {
    // Some runtimes read `aborted` of the signal while they abort it.
    if (!isAborted() && !isChecking) {
      isChecking = true;
      try {
        check();
      } finally {
        isChecking = false;
      }
    }
    return isAborted();
  };
  return Object.defineProperties(signal, {
    aborted: { configurable: true, get: checked },
    throwIfAborted: {
      configurable: true,
      value: () => {
        if (checked()) throw signal.reason;
      },
    },
  });
}
