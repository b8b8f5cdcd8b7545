import { z } from "@hono/zod-openapi";
import { analysisSchema, experimentStatuses, metricSchema } from "../../shared/contracts/experiment.ts";
import { verdictStates } from "../experiments/verdict.ts";

const intervalSchema = z.tuple([z.number(), z.number()]).nullable();

const comparisonSchema = z.object({
  variant: z.string(),
  against: z.string(),
  /** Difference of the means, in the metric's own unit. */
  difference: z.number().nullable(),
  /** Holds at every look. */
  interval: intervalSchema,
  /** Relative to the control's mean. */
  lift: z.number().nullable(),
  lift_interval: intervalSchema,
  /** Holds at every look; the adjusted one also over all primary metrics. */
  p_value: z.number(),
  adjusted_p_value: z.number().nullable(),
  result: z.enum(["worse", "undecided", "better"]).optional(),
  /** For guardrails: bounds of how much worse it is. */
  harm: z.tuple([z.number().nullable(), z.number().nullable()]).nullable(),
  /** Right at one look, at a number of units fixed beforehand. */
  fixed_horizon: z.object({ interval: intervalSchema, p_value: z.number() }),
});

const metricResultsSchema = metricSchema.extend({
  min_effect: z.number().nullable(),
  cuped: z.object({ theta: z.number(), variance_reduction: z.number() }).nullable(),
  variants: z.array(
    z.object({
      variant: z.string(),
      units: z.int(),
      mean: z.number().nullable(),
      probability_best: z.number().nullable(),
      expected_loss: z.number().nullable(),
    }),
  ),
  comparisons: z.array(comparisonSchema),
});

/** Answer of `GET /v1/experiments/{experiment}/results`. */
export const resultsSchema = z
  .object({
    object: z.literal("experiment.results"),
    experiment: z.string(),
    name: z.string(),
    status: z.enum(experimentStatuses),
    verdict: z.object({
      state: z.enum(verdictStates),
      text: z.string(),
      winner: z.string().nullable(),
      units_needed: z.number().nullable(),
    }),
    analysis: analysisSchema,
    sample_ratio: z.object({
      chi_square: z.number(),
      p_value: z.number(),
      sequential_p_value: z.number(),
      mismatch: z.boolean(),
    }),
    /** Guardrails that a canary's last step still waits for. */
    waiting_for: z.array(z.string()),
    variants: z.array(z.object({ key: z.string(), model: z.string(), units: z.int() })),
    phases: z.array(z.object({ phase: z.int(), shares: z.array(z.number()), units: z.array(z.int()) })),
    metrics: z.array(metricResultsSchema),
    days: z.array(
      z.object({
        day: z.string(),
        variant: z.string(),
        metric: z.string(),
        units: z.int(),
        total: z.number(),
      }),
    ),
  })
  .openapi("ExperimentResults");

/** Answer of `GET /v1/experiments/{experiment}/timeline`. */
export const timelineSchema = z
  .object({
    object: z.literal("list"),
    data: z.array(
      z.object({
        /** UTC, of the units' first exposure. */
        day: z.string(),
        /** Of each variant, until the day's end. */
        units: z.array(z.int()),
        metrics: z.array(z.object({ key: z.string(), comparisons: z.array(comparisonSchema) })),
      }),
    ),
  })
  .openapi("ExperimentTimeline");
