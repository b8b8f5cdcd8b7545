import type { BuiltInMetric } from "../../shared/contracts/experiment.ts";
import type { Assignment } from "./assign.ts";
import type { OutcomeEvent } from "./events.ts";

/** A request that met an experiment: who it was given to, and how the answer went. Lives in the request's context. */
export interface Encounter {
  readonly assignment: Assignment;
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  promptTokens: number;
  completionTokens: number;
  /** Finish reasons of the choices. */
  readonly reasons: string[];
  /** The answer's text or labels, kept where it will be compared. */
  readonly texts: string[];
  /** Resolves when it has ended. */
  readonly ended: Promise<EncounterEnd>;
  /** Ends it; what comes after the first end is ignored. */
  end(how: EncounterEnd): void;
}

/** With an answer, with an error of ours, or with a caller who left. */
export type EncounterEnd = "answered" | "failed" | "abandoned";

export function createEncounter(assignment: Assignment, requestId: string, startedAt: number): Encounter {
  const { promise, resolve } = Promise.withResolvers<EncounterEnd>();
  return {
    assignment,
    requestId,
    startedAt,
    promptTokens: 0,
    completionTokens: 0,
    reasons: [],
    texts: [],
    ended: promise,
    end: resolve,
  };
}

/** The metrics that need no reporting, of a request that has ended. Null where it is not counted. */
export function answerEvent(encounter: Encounter, how: EncounterEnd, now: number): OutcomeEvent | null {
  const { assignment, requestId, startedAt, reasons, promptTokens, completionTokens } = encounter;
  const { exposure, experiment } = assignment;
  if (!exposure || how === "abandoned") return null;
  const failed = how === "failed";
  const values: Partial<Record<BuiltInMetric, number>> = { error_rate: Number(failed) };
  if (!failed) {
    values.latency_ms = now - startedAt;
    values.prompt_tokens = promptTokens;
    values.completion_tokens = completionTokens;
    if (reasons.length > 0) values.length_rate = Number(reasons.includes("length"));
  }
  return {
    type: "outcome",
    organization: experiment.organization,
    key: `answer:${requestId}`,
    experiment: experiment.id,
    phase: exposure.phase,
    variant: exposure.variant,
    unit: exposure.unit,
    exposedAt: exposure.at,
    values,
    at: now,
  };
}
