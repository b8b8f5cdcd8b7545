import { pause } from "./pause.ts";

/** Requests that wait their turn, first come, first served. */
export interface WaitingLine {
  readonly size: number;
  /**
   * Waits until this request is the first in line and `take` gives something: what it waited for, taken there and then, so
   * that nobody else can have it. Looks again after pauses, and calls `check` each time; what that gives also ends the wait.
   */
  wait<T>(take: () => T | undefined, check?: () => T | undefined): Promise<T>;
}

interface Waiter {
  lastSeen: number;
}

/** A waiter who did not look again for so long was ended by the runtime; the others pass it by. */
const SILENCE_MS = 10_000;

/**
 * @param now milliseconds since 1970
 * @param lookAgain milliseconds between two looks of the first in line; those behind have more time, up to `atMost`, so that
 *   a long line costs little
 */
export function createWaitingLine(now: () => number, lookAgain: number, atMost: number): WaitingLine {
  /** In order of arrival. */
  const waiters = new Set<Waiter>();

  const placeOf = (waiter: Waiter): number => {
    let place = 0;
    for (const other of waiters) {
      if (other === waiter) return place;
      if (now() - other.lastSeen > SILENCE_MS) waiters.delete(other);
      else place++;
    }
    // Taken for gone, and here after all.
    waiters.add(waiter);
    return place;
  };

  return {
    get size() {
      return waiters.size;
    },
    async wait(take, check) {
      const waiter: Waiter = { lastSeen: now() };
      waiters.add(waiter);
      try {
        for (;;) {
          const place = placeOf(waiter);
          const taken = place === 0 ? take() : undefined;
          if (taken !== undefined) return taken;
          await pause(Math.min(lookAgain * (1 + place), atMost));
          waiter.lastSeen = now();
          const instead = check?.();
          if (instead !== undefined) return instead;
        }
      } finally {
        waiters.delete(waiter);
      }
    },
  };
}
