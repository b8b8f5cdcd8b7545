/** Runs pieces of work one at a time, in the order they were asked for. */
export interface TurnQueue {
  run<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * The engine runs one thing at a time and its logits last until its next call, so a step and the reading of its logits
 * are one piece of work. The queue runs the work itself rather than handing a lock around: a request that the runtime has
 * ended in the meantime would never hand a lock back, while its last piece of work just ends unread.
 */
export function createTurnQueue(): TurnQueue {
  const waiting: (() => Promise<void>)[] = [];
  let running = false;
  const drain = async () => {
    running = true;
    try {
      for (let work = waiting.shift(); work; work = waiting.shift()) await work();
    } finally {
      running = false;
    }
  };
  return {
    run: (work) =>
      new Promise((resolve, reject) => {
        waiting.push(() => work().then(resolve, reject));
        if (!running) void drain();
      }),
  };
}

/** Lets timers, other requests and a caller's disconnection have their turn. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}
