/**
 * Makes `signal.aborted` right at the very instant of asking: `check` aborts the signal if what it stands
 * for is over. A timer does so too, but after a pause other callbacks may run before it.
 */
export function checkedSignal(signal: AbortSignal, check: () => void): AbortSignal {
  const { get } = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted")!;
  const isAborted = (): boolean => get!.call(signal);
  const checked = (): boolean => {
    if (!isAborted()) check();
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
