/** Lets a bounded number of jobs run at once, first come first served. */
export type Slots = { run<T>(job: () => Promise<T>): Promise<T> };

export const slotsOf = (max: number): Slots => {
  let free = max;
  const queue: (() => void)[] = [];
  return {
    run: async (job) => {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => queue.push(resolve));
      try {
        return await job();
      } finally {
        const next = queue.shift();
        if (next) next();
        else free += 1;
      }
    },
  };
};
