/**
 * Has `pass` let time pass until `promise` is settled; `undefined` if that takes too long, or if it is rejected, which is
 * reported. `pass` lets time pass until its argument returns `true`, or until it has waited long enough.
 */
export async function within<T>(
  promise: Promise<T>,
  pass: (isOver: () => boolean) => Promise<void>,
  report: (violation: string) => void,
): Promise<T | undefined> {
  let value: T | undefined;
  let isOver = false;
  promise.then(
    (result) => {
      value = result;
      isOver = true;
    },
    (error) => {
      report(`without faults: ${error instanceof Error ? error.stack : error}`);
      isOver = true;
    },
  );
  await pass(() => isOver);
  return value;
}
