import { newId } from "../../shared/ids.ts";
import type { Deps } from "../deps.ts";
import type { ExperimentEvent, ExperimentMessage } from "./events.ts";

/** A queue takes messages of up to 128 KB; the rest is room for its own wrapping. */
const MAX_MESSAGE_BYTES = 100_000;
const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 50;

/**
 * Puts events on the queue, a few hundred to a message. Tries again when the queue does not take them; throws when it
 * still does not, so that a caller who waits for the answer is not told that they were accepted.
 */
export async function sendEvents(deps: Deps, events: readonly ExperimentEvent[]): Promise<void> {
  const messages = toMessages(events, deps.now());
  for (let attempt = 1; ; attempt++) {
    try {
      // A repeated message has the same id and the same keys: counted once, whatever the first attempt came to.
      return await deps.enqueueExperiments(messages);
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, FIRST_PAUSE_MS * 2 ** attempt * Math.random());
      });
    }
  }
}

/** The same for work behind an answer, where nobody is left to be told but the log. */
export async function sendQuietly(deps: Deps, events: readonly ExperimentEvent[]): Promise<void> {
  try {
    await sendEvents(deps, events);
  } catch (error) {
    deps.log({
      level: "error",
      message: "Experiment events were lost",
      events: events.length,
      error: String(error),
    });
  }
}

function toMessages(events: readonly ExperimentEvent[], now: number): ExperimentMessage[] {
  const messages: { id: string; events: ExperimentEvent[] }[] = [];
  const encoder = new TextEncoder();
  let bytes = Infinity;
  for (const event of events) {
    const size = encoder.encode(JSON.stringify(event)).length;
    if (bytes + size > MAX_MESSAGE_BYTES) {
      messages.push({ id: newId("event", now), events: [] });
      bytes = 0;
    }
    messages.at(-1)?.events.push(event);
    bytes += size;
  }
  return messages;
}
