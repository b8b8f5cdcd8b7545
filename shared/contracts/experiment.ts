import { z } from "zod";
import { SLUG } from "../ids.ts";

/** Bounds of one experiment; each keeps a report small enough to be computed within a request. */
export const experimentLimits = {
  variants: 10,
  metrics: 20,
  /** Units, sessions and idempotency keys are identifiers, not documents. */
  idLength: 256,
  /** Outcomes in one request, units in one assignment request. */
  batch: 1000,
  /** Outcomes older than this are refused: by then the keys that tell repetitions apart may be forgotten. */
  outcomeAgeDays: 30,
} as const;

/** What is assigned to a variant as a whole: every request of one unit gets the same answer. */
export const unitKindSchema = z.enum(["user", "request", "session"]);
export type UnitKind = z.infer<typeof unitKindSchema>;

export const metricKinds = ["binary", "continuous", "count"] as const;
export const metricKindSchema = z.enum(metricKinds);
export type MetricKind = z.infer<typeof metricKindSchema>;

/** Metrics that every answer brings along; nobody has to report them. */
export const builtInMetrics = {
  /** Milliseconds from the request to the end of its answer. */
  latency_ms: { kind: "continuous", direction: "decrease" },
  prompt_tokens: { kind: "continuous", direction: "decrease" },
  completion_tokens: { kind: "continuous", direction: "decrease" },
  /** Share of a unit's requests that failed by our fault. */
  error_rate: { kind: "binary", direction: "decrease" },
  /** Share of a unit's answers that were cut off at the token limit (finish reason "length"). */
  length_rate: { kind: "binary", direction: "decrease" },
  /** In shadow experiments: share of a unit's requests to which both variants gave the same answer. */
  agreement_rate: { kind: "binary", direction: "increase" },
} as const;
export type BuiltInMetric = keyof typeof builtInMetrics;

export function isBuiltIn(key: string): key is BuiltInMetric {
  return Object.hasOwn(builtInMetrics, key);
}

const metricKeySchema = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,62}$/, "Expected lower-case letters, digits and _");
const variantKeySchema = z.string().regex(SLUG, "Expected lower-case letters, digits and -");

/** A metric as declared; what is left out follows from its kind, or from the built-in metric of that name. */
export const metricInputSchema = z.strictObject({
  key: metricKeySchema,
  kind: metricKindSchema.optional(),
  /** Which way is better. */
  direction: z.enum(["increase", "decrease"]).optional(),
  role: z.enum(["primary", "guardrail", "secondary"]).default("primary"),
  /** The smallest change worth having, in the metric's own unit; for binary metrics 0.01 is one point. */
  min_effect: z.number().positive().optional(),
  /** What a unit's several outcomes come to. */
  per_unit: z.enum(["any", "mean", "sum"]).optional(),
  /** Whether a unit without an outcome counts as 0 or not at all. */
  missing: z.enum(["zero", "exclude"]).optional(),
});

export const metricSchema = metricInputSchema.required({
  kind: true,
  direction: true,
  per_unit: true,
  missing: true,
});
export type Metric = z.infer<typeof metricSchema>;

export const variantSchema = z.strictObject({
  key: variantKeySchema,
  model: z.string().min(1).max(512),
  /** Share of the units: of 1 or of 100, the same for all variants. */
  weight: z.number().nonnegative().max(100).optional(),
});

const policies = {
  fixed: z.strictObject({ type: z.literal("fixed") }),
  canary: z.strictObject({
    type: z.literal("canary"),
    /** Share of the treatment in percent, step by step. */
    steps: z
      .array(z.number().positive().max(100))
      .min(1)
      .max(20)
      .default([1, 5, 10, 25, 50, 100])
      .refine((steps) => steps.every((step, i) => i === 0 || step > (steps[i - 1] as number)), {
        error: "Expected growing percentages",
      }),
    /** Units that the treatment must have had at a step before the next one. */
    min_units: z.int().min(30).max(1_000_000).default(100),
    min_minutes: z.number().nonnegative().max(100_000).default(0),
  }),
  bandit: z.strictObject({
    type: z.literal("bandit"),
    /** No variant's share falls below this, so that what is known of it stays true. */
    floor: z.number().positive().max(0.5).default(0.05),
    /** Minutes between two changes of the shares. */
    interval_minutes: z.number().positive().max(10_000).default(60),
    /** Units that every variant must have had before the first change. */
    min_units: z.int().min(10).max(1_000_000).default(100),
  }),
  shadow: z.strictObject({ type: z.literal("shadow") }),
};

/** How traffic is shared out over time; a policy with nothing to set may be named by a string. */
export const policySchema = z.preprocess(
  (value) => (typeof value === "string" ? { type: value } : value),
  z.discriminatedUnion("type", [policies.fixed, policies.canary, policies.bandit, policies.shadow]),
);
export type Policy = z.infer<typeof policySchema>;
export type CanaryPolicy = z.infer<typeof policies.canary>;
export type BanditPolicy = z.infer<typeof policies.bandit>;

/** How results are judged: valid at every look, or once, at a number of units fixed beforehand. */
export const analysisSchema = z.strictObject({
  type: z.enum(["sequential", "fixed"]).default("sequential"),
  /** Accepted probability of a false "better" or "worse", over all primary metrics and all looks. */
  alpha: z.number().min(0.0001).max(0.5).default(0.05),
  /** Units (all variants together) at which the experiment is meant to decide; the interval is tightest there. */
  planned_units: z.int().min(100).max(100_000_000).optional(),
});
export type Analysis = z.infer<typeof analysisSchema>;

export const experimentInputSchema = z.strictObject({
  name: z.string().regex(SLUG, "Expected lower-case letters, digits and -, at most 63"),
  /** The first is the control: what everybody gets while nothing is decided. */
  variants: z.array(variantSchema).min(1).max(experimentLimits.variants),
  unit: unitKindSchema.default("user"),
  metrics: z.array(metricInputSchema).max(experimentLimits.metrics).default([]),
  policy: policySchema.default({ type: "fixed" }),
  analysis: analysisSchema.prefault({}),
  /** False leaves it a draft, in which every unit gets the control. */
  start: z.boolean().default(true),
});
export type ExperimentInput = z.infer<typeof experimentInputSchema>;

/** What may change while an experiment runs; everything else would break what was measured so far. */
export const experimentChangeSchema = z.strictObject({
  weights: z.record(variantKeySchema, z.number().nonnegative().max(100)).optional(),
  variants: z.array(variantSchema).min(1).max(experimentLimits.variants).optional(),
  unit: unitKindSchema.optional(),
  metrics: z.array(metricInputSchema).max(experimentLimits.metrics).optional(),
  policy: policySchema.optional(),
  analysis: analysisSchema.optional(),
});
export type ExperimentChange = z.infer<typeof experimentChangeSchema>;

/** `promoted` and `rolled_back` are ends that somebody, or the policy, decided; `stopped` decides nothing. */
export const experimentStatuses = [
  "draft",
  "running",
  "paused",
  "stopped",
  "promoted",
  "rolled_back",
] as const;
export type ExperimentStatus = (typeof experimentStatuses)[number];

/** An experiment's fixed part, every default filled in. */
export const experimentDefinitionSchema = z.object({
  variants: z.array(z.object({ key: z.string(), model: z.string() })),
  unit: unitKindSchema,
  metrics: z.array(metricSchema),
  policy: policySchema,
  analysis: analysisSchema,
});
export type ExperimentDefinition = z.infer<typeof experimentDefinitionSchema>;

const idSchema = z.string().min(1).max(experimentLimits.idLength);

/** One outcome as reported: exactly one of `exposure`, `request` and `unit` says whose it is. */
export const outcomeInputSchema = z
  .strictObject({
    /** Value of the header `x-foreword-exposure`. */
    exposure: idSchema.optional(),
    /** Value of the header `x-request-id`. */
    request: idSchema.optional(),
    unit: idSchema.optional(),
    /** Name or id; with `unit` only. Left out, the outcome counts in every running experiment that has the metric. */
    experiment: idSchema.optional(),
    metric: metricKeySchema,
    value: z.union([z.number(), z.boolean().transform(Number)]).default(1),
    /** Seconds since 1970; the time of receipt when left out. */
    time: z.number().positive().optional(),
    /** The same key is counted once, however often it comes. */
    idempotency_key: idSchema.optional(),
    /** The value was measured before the experiment and only serves to make the comparison sharper (CUPED). */
    covariate: z.boolean().default(false),
  })
  .superRefine((outcome, context) => {
    const given = [outcome.exposure, outcome.request, outcome.unit].filter((one) => one !== undefined);
    if (given.length !== 1) {
      context.addIssue({
        code: "custom",
        path: ["exposure"],
        message: `Expected exactly one of "exposure", "request" and "unit", found ${given.length}`,
      });
    }
  });
export type OutcomeInput = z.infer<typeof outcomeInputSchema>;

/** Headers of requests and answers. */
export const experimentHeaders = {
  variant: "x-foreword-variant",
  exposure: "x-foreword-exposure",
  /** In requests: the unit, where the body's `user` does not say it. */
  user: "x-foreword-user",
  session: "x-foreword-session",
  /** In requests: a variant's key, for testing; needs a key with the scope "experiments". */
  forcedVariant: "x-foreword-force-variant",
} as const;

/** In `tune.json`: the tuned model enters an experiment by itself if it passes the gate. */
export const experimentEntrySchema = z.strictObject({
  /** The experiment must exist: it says what the candidate is compared with, and by which metrics. */
  name: z.string().regex(SLUG),
  /** What the candidate must be better in than the variant that serves, on the same held-out rows. */
  gate: z
    .strictObject({
      /** Accuracy where the task has labels, loss otherwise, unless said. */
      metric: z.enum(["accuracy", "token_accuracy", "loss"]).optional(),
      /** The least improvement; 0 takes any improvement. */
      min_gain: z.number().nonnegative().default(0),
    })
    .prefault({}),
  /** Overrides the policy of the experiment before, where that was a canary, or the default canary. */
  canary: z
    .strictObject({
      steps: policies.canary.shape.steps.unwrap().optional(),
      min_units: policies.canary.shape.min_units.unwrap().optional(),
      min_minutes: policies.canary.shape.min_minutes.unwrap().optional(),
    })
    .optional(),
});
export type ExperimentEntry = z.infer<typeof experimentEntrySchema>;
