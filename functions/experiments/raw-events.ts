import type { Deps } from "../deps.ts";
import type { ExperimentEvent, ExperimentMessage } from "./events.ts";

/** Folder of events that do not say their experiment yet: outcomes by request that came before their exposure. */
const UNMATCHED = "unmatched";

/**
 * Keeps a message's events in the bucket, for the customer's own analysis: JSON lines under
 * `events/<organization>/<experiment>/<date>/<message>.jsonl`. A message that is delivered twice writes the same object
 * twice, so every event is there once; whether and when an outcome was counted is the aggregates' business.
 */
export async function keepRawEvents(deps: Deps, message: ExperimentMessage): Promise<void> {
  const byFolder = Map.groupBy(message.events, folderOf);
  await Promise.all(
    [...byFolder].map(([folder, events]) => {
      const lines = events.map((event) => `${JSON.stringify(event)}\n`).join("");
      return deps.bucket.put(`${folder}/${message.id}.jsonl`, lines, { contentType: "application/x-ndjson" });
    }),
  );
}

function folderOf(event: ExperimentEvent): string {
  const at = event.type === "exposure" ? event.exposedAt : event.at;
  const date = new Date(at).toISOString().slice(0, 10);
  return `events/${event.organization}/${event.experiment ?? UNMATCHED}/${date}`;
}
