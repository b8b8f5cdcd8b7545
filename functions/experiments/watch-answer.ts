import type { Context } from "hono";
import type { AppEnv } from "../http/app-env.ts";
import type { Encounter } from "./encounter.ts";
import { CallerGoneError } from "../inference/request-lifetime.ts";
import type { GenerationRequest, RunEvent } from "../inference/run-generation.ts";

type Events = AsyncGenerator<RunEvent, void, undefined>;

/** Passes a run's events on and notes, for the experiment that the request met, what it took and how it ended. */
export function watchAnswer(c: Context<AppEnv>, request: GenerationRequest, events: Events): Events {
  const encounter = c.get("encounter");
  return encounter ? watch(encounter, request, events) : events;
}

async function* watch(encounter: Encounter, request: GenerationRequest, events: Events): Events {
  encounter.promptTokens = request.inputs.reduce((sum, ids) => sum + ids.length, 0);
  try {
    for await (const event of events) {
      if (event.type === "text")
        encounter.texts[event.index] = (encounter.texts[event.index] ?? "") + event.text;
      if (event.type === "finish") {
        encounter.completionTokens += event.tokens;
        encounter.reasons.push(event.reason);
      }
      yield event;
    }
    encounter.end("answered");
  } catch (error) {
    // A caller who leaves says nothing about the variant.
    if (!(error instanceof CallerGoneError)) encounter.end("failed");
    throw error;
  } finally {
    encounter.end("abandoned");
  }
}

/** The same for a classification. */
export function noteClassification(
  c: Context<AppEnv>,
  promptTokens: number,
  labels: readonly string[],
): void {
  const encounter = c.get("encounter");
  if (!encounter) return;
  encounter.promptTokens = promptTokens;
  encounter.texts.push(...labels);
}
