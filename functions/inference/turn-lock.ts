import { createWaitingLine } from "./waiting-line.ts";

/** Lets one piece of work at a time have the engine, in the order they were asked for. */
export interface TurnLock {
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** No step takes this long; whoever holds the lock for longer was ended by the runtime in the middle of one. */
const STUCK_MS = 30_000;
/** Steps take milliseconds. */
const LOOK_AGAIN_MS = 1;
const LOOK_AGAIN_AT_MOST_MS = 4;

/**
 * The engine runs one thing at a time and its logits last until its next call, so a step and the reading of its logits
 * are one piece of work. Requests ask for one step after another, so they have their turns round robin.
 *
 * @param now milliseconds since 1970
 */
export function createTurnLock(now: () => number): TurnLock {
  let holder: { readonly since: number } | undefined;
  const line = createWaitingLine(now, LOOK_AGAIN_MS, LOOK_AGAIN_AT_MOST_MS);
  const take = () => {
    if (holder && now() - holder.since <= STUCK_MS) return undefined;
    holder = { since: now() };
    return holder;
  };
  return {
    async run(work) {
      const mine = (line.size === 0 ? take() : undefined) ?? (await line.wait(take));
      try {
        return await work();
      } finally {
        if (holder === mine) holder = undefined;
      }
    },
  };
}
