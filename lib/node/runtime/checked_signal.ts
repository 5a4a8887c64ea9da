/**
 * Makes `signal.aborted` right at the very instant of asking: `check` aborts the signal if what it stands
 * for is over. A timer does so too, but after a pause other callbacks may run before it.
 */
export function checkedSignal(signal: AbortSignal, check: () => void): AbortSignal {
  const { get } = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted")!;
  const isAborted = (): boolean => get!.call(signal);
  let isChecking = false;
  const checked = (): boolean => {
    // Some runtimes ask the signal itself whether it is aborted, while they abort it.
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
