/**
 * Waits, and lets timers, other requests and a caller's disconnection have their turn.
 *
 * Requests of one isolate wait for one another by looking again after a pause, never for a promise that another request
 * would settle: a Workers runtime ends a request that waits for nothing of its own ("hung"), and can end the other one in
 * the middle, promise and all.
 */
export function pause(milliseconds = 0): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
