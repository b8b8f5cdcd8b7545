import { createWaitingLine } from "./waiting-line.ts";

/** Lets one piece of work at a time have the engine, in the order they were asked for. */
export interface TurnLock {
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Runs the work unless it turns out, while this request waits for its turn, that it is done. */
  runUnless(isDone: () => boolean, work: () => Promise<void>): Promise<void>;
}

/** No step takes this long; whoever is waited for longer was ended by the runtime in the middle of one. */
const STUCK_MS = 30_000;
/** Steps take milliseconds. */
const LOOK_AGAIN_MS = 1;
const LOOK_AGAIN_AT_MOST_MS = 4;

interface Holder {
  /** Nobody looks at the clock unless somebody waits: in a Worker that takes as long as picking a token. */
  waitedForSince?: number;
}

/**
 * The engine runs one thing at a time and its logits last until its next call, so a step and the reading of its logits
 * are one piece of work. Requests ask for one step after another, so they have their turns round robin.
 *
 * @param now milliseconds since 1970
 */
export function createTurnLock(now: () => number): TurnLock {
  let holder: Holder | undefined;
  const line = createWaitingLine(now, LOOK_AGAIN_MS, LOOK_AGAIN_AT_MOST_MS);
  const take = () => {
    if (holder) {
      holder.waitedForSince ??= now();
      if (now() - holder.waitedForSince <= STUCK_MS) return undefined;
    }
    return (holder = {});
  };
  const hold = async <T>(mine: Holder, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } finally {
      if (holder === mine) holder = undefined;
    }
  };
  return {
    async run(work) {
      return hold((line.size === 0 ? take() : undefined) ?? (await line.wait(take)), work);
    },
    async runUnless(isDone, work) {
      if (isDone()) return;
      const check = () => (isDone() ? "done" : undefined);
      const mine = (line.size === 0 ? take() : undefined) ?? (await line.wait<Holder | "done">(take, check));
      if (mine !== "done") await hold(mine, work);
    },
  };
}
