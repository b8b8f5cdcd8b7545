import { pause } from "./pause.ts";

/**
 * How often the event loop turns while nobody else is at work: new requests come in, and a caller who left is noticed. A piece of
 * input, which nothing interrupts, takes about as long.
 */
const TURN_EVERY_MS = 60;
const MOST_STEPS = 32;
/** So many, until it is known how long a step takes. */
const TRIAL_STEPS = 4;

/** To be called after each step of a request; `must` turns now. Gives whether the event loop has turned. */
export type Pace = (must: boolean) => Promise<boolean>;

/**
 * Lets the event loop turn between a request's steps, often enough and no more: a turn is a timer, and workerd's shortest
 * takes a millisecond. Steps are counted because a Worker's clock stands still between two turns.
 *
 * @param now milliseconds since 1970
 * @returns makes the pace of one request; what one has learned, the next one knows
 */
export function createPaces(now: () => number): () => Pace {
  let usual = TRIAL_STEPS;
  return () => {
    let [steps, wanted, since] = [0, usual, Number.NaN];
    return async (must) => {
      if (++steps < wanted && !must) return false;
      await pause();
      const time = now();
      const fitting = Math.round(TURN_EVERY_MS / ((time - since) / steps));
      if (!Number.isNaN(since)) usual = Math.min(MOST_STEPS, Math.max(1, fitting));
      [steps, wanted, since] = [0, usual, time];
      return true;
    };
  };
}
