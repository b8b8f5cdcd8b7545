import { UnavailableError } from "../../shared/errors.ts";
import { pause } from "./pause.ts";

/**
 * Work that several requests need at once and that is done once. A Workers runtime may end the request that began the work
 * (its caller went away) and with it the work: those who wait give up after `patience` milliseconds and begin anew.
 */
export interface SingleFlight<T> {
  /** The work under way for this key, or new work. A failure is forgotten, so the next call tries again. */
  run(key: string, work: () => Promise<T>): Promise<T>;
}

interface Flight<T> {
  outcome?: { readonly value: T } | { readonly error: unknown };
}

const ATTEMPTS = 2;
const LOOK_AGAIN_MS = 10;

/** @param now milliseconds since 1970 */
export function createSingleFlight<T>(patience: number, now: () => number): SingleFlight<T> {
  const flights = new Map<string, Flight<T>>();
  const begin = async (key: string, work: () => Promise<T>): Promise<T> => {
    const flight: Flight<T> = {};
    flights.set(key, flight);
    try {
      const value = await work();
      flight.outcome = { value };
      return value;
    } catch (error) {
      flight.outcome = { error };
      throw error;
    } finally {
      if (flights.get(key) === flight) flights.delete(key);
    }
  };
  const settled = async (flight: Flight<T>): Promise<Flight<T>["outcome"]> => {
    const deadline = now() + patience;
    while (!flight.outcome && now() < deadline) await pause(LOOK_AGAIN_MS);
    return flight.outcome;
  };
  return {
    async run(key, work) {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const flight = flights.get(key);
        if (!flight) return begin(key, work);
        const outcome = await settled(flight);
        if (outcome && "error" in outcome) throw outcome.error;
        if (outcome) return outcome.value;
        if (flights.get(key) === flight) flights.delete(key);
      }
      throw new UnavailableError(
        `Waited ${(ATTEMPTS * patience) / 1000} s for another request to load "${key}"`,
        { code: "load_timeout", retryAfter: 5 },
      );
    },
  };
}
