import { UnavailableError } from "../../shared/errors.ts";
import type { Cancellation } from "./cancellation.ts";
import { createWaitingLine } from "./waiting-line.ts";

export interface AdmissionLimits {
  /** Requests in progress at once. */
  readonly active: number;
  /** Bytes that they may need at once; a single one may need more. */
  readonly bytes: number;
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
   * Waits for a place for a request that may need so many bytes, first come, first served. Throws UnavailableError (code `overloaded`) when too many wait or the wait
   * is too long, and the reason of a cancellation. `onLost` is told when the place was taken back.
   */
  enter(cancellation: Cancellation, bytes: number, onLost: () => void): Promise<Place>;
  counts(): { readonly active: number; readonly waiting: number };
}

interface Holder {
  readonly bytes: number;
  lastSeen: number;
  readonly onLost: () => void;
}

const LOOK_AGAIN_MS = 5;
const LOOK_AGAIN_AT_MOST_MS = 250;

/** @param now milliseconds since 1970 */
export function createAdmission(limits: AdmissionLimits, now: () => number): Admission {
  const holders = new Set<Holder>();
  const line = createWaitingLine(now, LOOK_AGAIN_MS, LOOK_AGAIN_AT_MOST_MS);

  /** The runtime can end a request without a word; its place must not be lost with it. */
  const takeBack = () => {
    for (const holder of holders) {
      if (now() - holder.lastSeen <= limits.silence) continue;
      holders.delete(holder);
      holder.onLost();
    }
  };
  const take = (bytes: number, onLost: () => void): Place | undefined => {
    takeBack();
    const taken = [...holders].reduce((sum, holder) => sum + holder.bytes, 0);
    if (holders.size >= limits.active || (holders.size > 0 && taken + bytes > limits.bytes)) return undefined;
    const holder: Holder = { bytes, lastSeen: now(), onLost };
    holders.add(holder);
    return {
      renew() {
        holder.lastSeen = now();
      },
      leave() {
        holders.delete(holder);
      },
    };
  };

  return {
    counts: () => ({ active: holders.size, waiting: line.size }),
    async enter(cancellation, bytes, onLost) {
      cancellation.throwIfCancelled();
      const place = line.size === 0 ? take(bytes, onLost) : undefined;
      if (place) return place;
      if (line.size >= limits.waiting) {
        throw new UnavailableError(
          `${holders.size} requests are in progress and ${line.size} wait, at most ${limits.waiting} may wait; try again`,
          { code: "overloaded", retryAfter: 2 },
        );
      }
      const deadline = now() + limits.patience;
      const check = (): undefined => {
        cancellation.throwIfCancelled();
        if (now() < deadline) return undefined;
        const message = `No place came free within ${limits.patience / 1000} s; try again`;
        throw new UnavailableError(message, { code: "overloaded", retryAfter: 5 });
      };
      return line.wait(() => take(bytes, onLost), check);
    },
  };
}
