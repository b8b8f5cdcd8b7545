import { pause } from "./pause.ts";

/** How often the event loop turns while nobody else is at work: a stream flows, and a caller who left is noticed. */
const TURN_EVERY_MS = 30;
const MOST_STEPS = 32;
/** The first steps are the input's last piece and one more: the turn behind them sends the first token. */
const FIRST_STEPS = 2;
/** Then so many, to learn how long a step takes. */
const TRIAL_STEPS = 4;

/**
 * Lets the event loop turn between a request's steps, often enough and no more: a turn is a timer, and workerd's shortest
 * takes a millisecond. Steps are counted because a Worker's clock stands still between two turns.
 *
 * @param now milliseconds since 1970
 * @returns to be called after each step; `must` turns now
 */
export function createPace(now: () => number): (must: boolean) => Promise<void> {
  let [steps, wanted, since] = [0, FIRST_STEPS, 0];
  return async (must) => {
    if (++steps < wanted && !must) return;
    await pause();
    const time = now();
    const stepMs = since === 0 ? TURN_EVERY_MS / TRIAL_STEPS : (time - since) / steps;
    wanted = Math.min(MOST_STEPS, Math.max(1, Math.round(TURN_EVERY_MS / stepMs)));
    [steps, since] = [0, time];
  };
}
