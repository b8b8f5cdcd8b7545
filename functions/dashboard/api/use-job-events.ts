import { useRef } from "preact/hooks";
import type { Api } from "./client.ts";
import type { JobEvent } from "./types.ts";
import { useQuery } from "./use-query.ts";

const PAGE = 100;

/** A job's whole history, newest first; while it is live only what is new is fetched. */
export function useJobEvents(job: string, every: number | null) {
  const known = useRef<{ job: string; events: readonly JobEvent[] }>({ job, events: [] });
  return useQuery(
    `events ${job}`,
    async (api) => {
      const before = known.current.job === job ? known.current.events : [];
      const events = [...(await newerThan(api, job, before[0]?.id)), ...before];
      known.current = { job, events };
      return events;
    },
    every,
  );
}

/** A job's events, newest first, down to the one that is known. */
export async function newerThan(api: Api, job: string, known: string | undefined): Promise<JobEvent[]> {
  const found: JobEvent[] = [];
  for (;;) {
    const query = new URLSearchParams({ limit: String(PAGE) });
    const last = found.at(-1);
    if (last) query.set("after", last.id);
    const page = await api.get<{ data: JobEvent[]; has_more: boolean }>(
      `/v1/fine_tuning/jobs/${job}/events?${query}`,
    );
    const end = page.data.findIndex(({ id }) => id === known);
    found.push(...(end < 0 ? page.data : page.data.slice(0, end)));
    if (end >= 0 || !page.has_more) return found;
  }
}
