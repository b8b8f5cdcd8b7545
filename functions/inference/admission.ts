import { UnavailableError } from "../../shared/errors.ts";

export interface AdmissionLimits {
  /** Requests in progress at once. */
  readonly active: number;
  /** Requests that may wait for a place. */
  readonly waiting: number;
  /** Milliseconds that a request may wait. */
  readonly patience: number;
  /** A place whose holder gave no sign of life for this many milliseconds is given away. */
  readonly silence: number;
}

/** A request's place among those in progress. */
export interface Place {
  /** Says that the request still runs. */
  renew(): void;
  /** Frees the place; more than once does no harm. */
  leave(): void;
}

export interface Admission {
  /**
   * Waits for a place, first come, first served. Throws UnavailableError (code `overloaded`) when too many wait or the wait
   * is too long, and the signal's reason when it aborts. `onLost` is told when the place was taken back.
   */
  enter(signal: AbortSignal, onLost: () => void): Promise<Place>;
  counts(): { readonly active: number; readonly waiting: number };
}

interface Holder {
  lastSeen: number;
  onLost(): void;
}

interface Waiter {
  admit(): void;
}

/** @param now milliseconds since 1970 */
export function createAdmission(limits: AdmissionLimits, now: () => number): Admission {
  const holders = new Set<Holder>();
  const waiters = new Set<Waiter>();

  /** The runtime can end a request without a word; its place must not be lost with it. */
  const reclaim = () => {
    for (const holder of holders) {
      if (now() - holder.lastSeen <= limits.silence) continue;
      holders.delete(holder);
      holder.onLost();
    }
  };
  const admitNext = () => {
    for (const waiter of waiters) {
      if (holders.size >= limits.active) return;
      waiters.delete(waiter);
      waiter.admit();
    }
  };
  const hold = (onLost: () => void): Place => {
    const holder: Holder = { lastSeen: now(), onLost };
    holders.add(holder);
    return {
      renew() {
        holder.lastSeen = now();
      },
      leave() {
        if (holders.delete(holder)) admitNext();
      },
    };
  };

  return {
    counts: () => ({ active: holders.size, waiting: waiters.size }),
    async enter(signal, onLost) {
      signal.throwIfAborted();
      if (holders.size >= limits.active) reclaim();
      admitNext();
      if (holders.size < limits.active) return hold(onLost);
      if (waiters.size >= limits.waiting) {
        throw new UnavailableError(
          `${holders.size} requests are in progress and ${waiters.size} wait, at most ${limits.waiting} may wait; try again`,
          { code: "overloaded", retryAfter: 2 },
        );
      }
      return new Promise<Place>((resolve, reject) => {
        const end = () => {
          clearTimeout(timer);
          signal.removeEventListener("abort", abort);
          waiters.delete(waiter);
        };
        const abort = () => {
          end();
          reject(signal.reason as Error);
        };
        const timer = setTimeout(() => {
          end();
          reject(
            new UnavailableError(`No place came free within ${limits.patience / 1000} s; try again`, {
              code: "overloaded",
              retryAfter: 5,
            }),
          );
        }, limits.patience);
        const waiter: Waiter = {
          admit() {
            end();
            resolve(hold(onLost));
          },
        };
        signal.addEventListener("abort", abort);
        waiters.add(waiter);
      });
    },
  };
}
