import { useCallback, useEffect, useState } from "preact/hooks";
import type { Api } from "./client.ts";
import { useApi } from "./context.ts";

export interface Query<T> {
  /** The last answer, which stays while a newer one is fetched. */
  readonly data: T | undefined;
  readonly error: Error | undefined;
  /** Fetches it now; resolves when that is done. */
  refresh(): Promise<void>;
}

/** Answers by key, so that a page seen before is there at once. They belong to one session. */
const answers = new WeakMap<Api, Map<string, unknown>>();

/**
 * What the API answers, fetched again every `every` milliseconds while the tab is looked at. `key` names the question:
 * where it changes, another one is asked.
 */
export function useQuery<T>(key: string, ask: (api: Api) => Promise<T>, every?: number | null): Query<T> {
  const api = useApi();
  const known = answers.get(api) ?? new Map<string, unknown>();
  answers.set(api, known);
  const [, redraw] = useState({});
  const [failure, setFailure] = useState<{ key: string; error: Error }>();

  const refresh = useCallback(async () => {
    try {
      known.set(key, await ask(api));
      setFailure(undefined);
    } catch (error) {
      setFailure({ key, error: error instanceof Error ? error : new Error(String(error)) });
    }
    redraw({});
  }, [api, key]);

  useEffect(() => void refresh(), [refresh]);
  useEffect(() => {
    if (every == null) return undefined;
    let over = false;
    let timer = 0;
    // Counted from the end of the last one, so that slow answers do not pile up.
    const next = () => {
      timer = window.setTimeout(() => void tick(), every);
    };
    const tick = async () => {
      if (!document.hidden) await refresh();
      if (!over) next();
    };
    next();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [refresh, every]);

  const error = failure?.key === key ? failure.error : undefined;
  return { data: known.get(key) as T | undefined, error, refresh };
}
