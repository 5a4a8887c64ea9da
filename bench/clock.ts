/** The time in milliseconds, on a clock that all threads of the process share. */
export const now = (): number => performance.timeOrigin + performance.now();
