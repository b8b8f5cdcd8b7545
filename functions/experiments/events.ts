import { z } from "zod";

const time = z.int();
/** Whose outcome it is, where the exposure said so. */
const exposed = {
  experiment: z.string(),
  phase: z.int(),
  variant: z.int(),
  /** HashedUnit's key. */
  unit: z.string(),
  exposedAt: time,
};

/** A unit met a variant. */
const exposureEventSchema = z.object({
  type: z.literal("exposure"),
  organization: z.string(),
  /** The request's id; assignments made in one request add a number. */
  key: z.string(),
  ...exposed,
  model: z.string(),
  /** The unit as its owner names it: for the raw events alone. */
  unitId: z.string(),
});

/** An outcome of a unit whose exposure is known. */
const outcomeEventSchema = z.object({
  type: z.literal("outcome"),
  organization: z.string(),
  /** What makes it the same outcome when it comes again. */
  key: z.string(),
  ...exposed,
  values: z.record(z.string(), z.number()),
  at: time,
});

/** An outcome by request or by unit; which exposure it belongs to is found out when both are known. */
const unmatchedEventSchema = z.object({
  type: z.literal("unmatched"),
  organization: z.string(),
  key: z.string(),
  request: z.string().nullable(),
  experiment: z.string().nullable(),
  unit: z.string().nullable(),
  unitId: z.string().nullable(),
  metric: z.string(),
  value: z.number(),
  at: time,
  covariate: z.boolean(),
});

/** What a shadow request answered, for the raw events alone. */
const shadowEventSchema = z.object({
  type: z.literal("shadow"),
  organization: z.string(),
  key: z.string(),
  experiment: z.string(),
  unitId: z.string(),
  at: time,
  /** Answers of control and treatment, as returned and as it would have been. */
  answers: z.array(
    z.object({ variant: z.string(), model: z.string(), status: z.int(), texts: z.array(z.string()) }),
  ),
});

export const experimentEventSchema = z.discriminatedUnion("type", [
  exposureEventSchema,
  outcomeEventSchema,
  unmatchedEventSchema,
  shadowEventSchema,
]);
export type ExperimentEvent = z.infer<typeof experimentEventSchema>;
export type ExposureEvent = z.infer<typeof exposureEventSchema>;
export type OutcomeEvent = z.infer<typeof outcomeEventSchema>;
export type UnmatchedEvent = z.infer<typeof unmatchedEventSchema>;

/** One message on the queue; messages' ids name the raw events' object, so that a second delivery writes it over. */
export const experimentMessageSchema = z.object({ id: z.string(), events: z.array(experimentEventSchema) });
export type ExperimentMessage = z.infer<typeof experimentMessageSchema>;
