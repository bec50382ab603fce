/** What would make a history differ the next time is taken away while one runs, from product and simulation alike. */

const forbidden = (what: string) => () => {
  throw new Error(`${what} was used in a simulation`);
};

type Timers = Record<'setTimeout' | 'setInterval' | 'setImmediate' | 'fetch', unknown>;

export const withoutChanceAndTime = async <Result>(run: () => Promise<Result>): Promise<Result> => {
  const scope = globalThis as unknown as Timers;
  const { setTimeout: timeout, setInterval: interval, setImmediate: immediate, fetch: fetched } = scope;
  const { random } = Math;
  const { now } = Date;
  const { randomUUID, getRandomValues } = crypto;
  scope.setTimeout = forbidden('setTimeout');
  scope.setInterval = forbidden('setInterval');
  scope.setImmediate = forbidden('setImmediate');
  scope.fetch = forbidden('fetch');
  Math.random = forbidden('Math.random');
  Date.now = forbidden('Date.now');
  crypto.randomUUID = forbidden('crypto.randomUUID');
  crypto.getRandomValues = forbidden('crypto.getRandomValues');
  try {
    return await run();
  } finally {
    Object.assign(scope, { setTimeout: timeout, setInterval: interval, setImmediate: immediate, fetch: fetched });
    Object.assign(Math, { random });
    Object.assign(Date, { now });
    Object.assign(crypto, { randomUUID, getRandomValues });
  }
};
