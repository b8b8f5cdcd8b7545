import { UnavailableError } from "../../shared/errors.ts";

/**
 * Work that several requests need at once and that is done once. A Workers runtime may end the request that began the work
 * (its caller went away) and with it the work, whose promise then never settles: those who wait give up after `patience`
 * milliseconds and begin anew.
 */
export interface SingleFlight<T> {
  /** The work under way for this key, or new work. A failure is forgotten, so the next call tries again. */
  run(key: string, work: () => Promise<T>): Promise<T>;
}

const ATTEMPTS = 2;

export function createSingleFlight<T>(patience: number): SingleFlight<T> {
  const flights = new Map<string, Promise<T>>();
  const begin = (key: string, work: () => Promise<T>): Promise<T> => {
    const flight = work().finally(() => {
      if (flights.get(key) === flight) flights.delete(key);
    });
    flights.set(key, flight);
    return flight;
  };
  return {
    async run(key, work) {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const shared = flights.get(key);
        if (!shared) return begin(key, work);
        const outcome = await settledWithin(shared, patience);
        if (outcome.settled) return outcome.value;
        if (flights.get(key) === shared) flights.delete(key);
      }
      throw new UnavailableError(
        `Waited ${(ATTEMPTS * patience) / 1000} s for another request to load "${key}"`,
        {
          code: "load_timeout",
          retryAfter: 5,
        },
      );
    },
  };
}

async function settledWithin<T>(
  promise: Promise<T>,
  milliseconds: number,
): Promise<{ settled: true; value: T } | { settled: false }> {
  const timeout = Promise.withResolvers<{ settled: false }>();
  const timer = setTimeout(() => timeout.resolve({ settled: false }), milliseconds);
  try {
    return await Promise.race([
      promise.then((value) => ({ settled: true as const, value })),
      timeout.promise,
    ]);
  } finally {
    clearTimeout(timer);
  }
}
