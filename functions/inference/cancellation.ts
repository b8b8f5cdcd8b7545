/** Whether a request is still wanted. */
export interface Cancellation {
  /** The first reason stays. */
  cancel(reason: Error): void;
  /** Throws the reason, if there is one. */
  throwIfCancelled(): void;
}

/**
 * What AbortController does, as a plain flag: in a Workers runtime an abort signal belongs to the request that made it, and
 * other requests of the isolate, which take lost places back, must not touch it.
 */
export function createCancellation(): Cancellation {
  let reason: Error | undefined;
  return {
    cancel(why) {
      reason ??= why;
    },
    throwIfCancelled() {
      if (reason) throw reason;
    },
  };
}
