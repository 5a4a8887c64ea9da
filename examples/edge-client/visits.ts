/** Counts visits. The members host it; the worker only calls it. */
export const Visits = {
  id: "visits",
  start: () => {
    let visits = 0;
    return { count: (): number => ++visits };
  },
};
