import type { Deps } from "../deps.ts";
import type { ExperimentEvent, ExperimentMessage } from "./events.ts";
import { unitHash } from "./unit-hash.ts";

/** Folder of events that do not say their experiment yet: outcomes by request that came before their exposure. */
const UNMATCHED = "unmatched";

/**
 * Keeps a delivery's events in the bucket, for the customer's own analysis: JSON lines under
 * `events/<organization>/<experiment>/<date>/`, one object for all of a delivery's messages. The object's name follows from
 * the messages, so the same delivery writes the same object again. A delivery that failed may come back in other company,
 * and then its lines are there twice: their `key` tells. Whether and when an outcome was counted is the aggregates' business.
 */
export async function keepRawEvents(deps: Deps, messages: readonly ExperimentMessage[]): Promise<void> {
  const ids = messages.map(({ id }) => id).toSorted();
  const name = `${ids[0]}-${unitHash.hash("delivery", ids.join()).key}.jsonl`;
  const byFolder = Map.groupBy(
    messages.flatMap(({ events }) => events),
    folderOf,
  );
  await Promise.all(
    [...byFolder].map(([folder, events]) => {
      const lines = events.map((event) => `${JSON.stringify(event)}\n`).join("");
      return deps.bucket.put(`${folder}/${name}`, lines, { contentType: "application/x-ndjson" });
    }),
  );
}

function folderOf(event: ExperimentEvent): string {
  const at = event.type === "exposure" ? event.exposedAt : event.at;
  const date = new Date(at).toISOString().slice(0, 10);
  return `events/${event.organization}/${event.experiment ?? UNMATCHED}/${date}`;
}
