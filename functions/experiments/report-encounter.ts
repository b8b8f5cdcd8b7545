import type { Deps } from "../deps.ts";
import { exposureEvent } from "./assign.ts";
import { answerEvent, type Encounter } from "./encounter.ts";
import { sendQuietly } from "./send-events.ts";

/** Answers that take longer have their exposure recorded while they are under way. */
const PATIENCE_MS = 250;
/** Lets the answer itself leave first. */
const COURTESY_MS = 5;

/**
 * Records a request's exposure and, when it has ended, the metrics that need no reporting: together in one message where the
 * answer comes soon. A long answer's exposure does not wait for its end, so a variant that hangs or brings the isolate down
 * hides at most the requests of a quarter of a second, none of which was answered.
 */
export async function reportEncounter(deps: Deps, encounter: Encounter): Promise<void> {
  const exposure = exposureEvent(encounter.assignment, encounter.requestId);
  if (!exposure) return;
  const soon = await Promise.race([encounter.ended, pause(PATIENCE_MS)]);
  if (soon === undefined) await sendQuietly(deps, [exposure]);
  const answer = answerEvent(encounter, await encounter.ended, deps.now());
  await pause(COURTESY_MS);
  const events = [...(soon === undefined ? [] : [exposure]), ...(answer ? [answer] : [])];
  if (events.length > 0) await sendQuietly(deps, events);
}

function pause(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(undefined), milliseconds);
  });
}
