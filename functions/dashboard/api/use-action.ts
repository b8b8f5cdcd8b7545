import { useState } from "preact/hooks";

/** Something that a person sets off: whether it is under way, and what went wrong the last time. */
export interface Action<A extends unknown[]> {
  readonly busy: boolean;
  readonly error: Error | undefined;
  /** Runs it; does nothing while it is under way. */
  run(...args: A): Promise<void>;
}

export function useAction<A extends unknown[]>(perform: (...args: A) => Promise<void>): Action<A> {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  return {
    busy,
    error,
    async run(...args) {
      if (busy) return;
      setBusy(true);
      setError(undefined);
      try {
        await perform(...args);
      } catch (caught) {
        setError(caught instanceof Error ? caught : new Error(String(caught)));
      } finally {
        setBusy(false);
      }
    },
  };
}
