import {
  builtInMetrics,
  isBuiltIn,
  type ExperimentDefinition,
  type ExperimentInput,
  type Metric,
  type MetricKind,
  type metricInputSchema,
} from "../../shared/contracts/experiment.ts";
import { InvalidRequestError } from "../../shared/errors.ts";
import type { z } from "zod";

type MetricInput = z.infer<typeof metricInputSchema>;

const PER_UNIT: Record<MetricKind, Metric["per_unit"]> = { binary: "any", continuous: "mean", count: "sum" };
/** A canary without guardrails watches this one, and takes these five points for harm. */
const DEFAULT_GUARDRAIL: MetricInput = { key: "error_rate", role: "guardrail", min_effect: 0.05 };
/** Weights come from people and JSON: 33.3 + 33.3 + 33.4 is meant to be 100. */
const SUM_TOLERANCE = 1e-6;
const SHARE_SCALES = [1, 100];

/**
 * Fills in every default and checks what the schema cannot. Throws InvalidRequestError, saying what to change.
 * Whether the models exist and fit together is checked elsewhere.
 */
export function define(input: ExperimentInput): { definition: ExperimentDefinition; weights: number[] } {
  const { variants, unit, policy, analysis } = input;
  requireDistinct(
    variants.map(({ key }) => key),
    "variants",
  );
  requireDistinct(
    input.metrics.map(({ key }) => key),
    "metrics",
  );
  const weights = weightsOf(variants);
  const metrics = withBuiltIns(input.metrics, policy.type === "canary").map(completeMetric);
  const definition = {
    variants: variants.map(({ key, model }) => ({ key, model })),
    unit,
    metrics,
    policy,
    analysis,
  };
  checkPolicy(definition);
  return { definition, weights };
}

/** Weights as given, or equal ones. Throws InvalidRequestError when they sum to neither 1 nor 100. */
export function weightsOf(variants: readonly { key: string; weight?: number | undefined }[]): number[] {
  const given = variants.filter(({ weight }) => weight !== undefined);
  if (given.length === 0) return variants.map(() => 1);
  const missing = variants.find(({ weight }) => weight === undefined);
  if (missing) {
    throw invalid(
      `Variant "${missing.key}" has no weight, others have; give all of them one or none`,
      "variants",
    );
  }
  const weights = variants.map(({ weight }) => weight as number);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (!SHARE_SCALES.some((scale) => Math.abs(sum - scale) < SUM_TOLERANCE * scale)) {
    throw invalid(`Weights sum to ${Number(sum.toPrecision(10))}, wanted 1 or 100`, "variants");
  }
  return weights;
}

function withBuiltIns(metrics: readonly MetricInput[], canary: boolean): MetricInput[] {
  const guarded = metrics.some(({ role }) => role === "guardrail");
  const others = metrics.filter(({ key }) => key !== DEFAULT_GUARDRAIL.key);
  const listed = canary && !guarded ? [...others, DEFAULT_GUARDRAIL] : [...metrics];
  const rest = Object.keys(builtInMetrics).filter((key) => !listed.some((metric) => metric.key === key));
  return [...listed, ...rest.map((key): MetricInput => ({ key, role: "secondary" }))];
}

function completeMetric(input: MetricInput): Metric {
  if (isBuiltIn(input.key)) {
    const { kind, direction } = builtInMetrics[input.key];
    if ((input.kind ?? kind) !== kind || (input.direction ?? direction) !== direction) {
      throw invalid(
        `"${input.key}" is built in: a ${kind} metric that should ${direction}; name your own differently`,
        "metrics",
      );
    }
    return { ...input, kind, direction, per_unit: "mean", missing: "exclude" };
  }
  const { kind } = input;
  if (kind === undefined) {
    const names = Object.keys(builtInMetrics).map((key) => `"${key}"`);
    throw invalid(`Metric "${input.key}" needs a "kind"; only ${names.join(", ")} are built in`, "metrics");
  }
  const perUnit = input.per_unit ?? PER_UNIT[kind];
  if (perUnit === "any" && kind !== "binary") {
    throw invalid(`Metric "${input.key}" is ${kind}, "per_unit": "any" needs a binary one`, "metrics");
  }
  return {
    ...input,
    kind,
    direction: input.direction ?? "increase",
    per_unit: perUnit,
    // Who did not buy bought nothing; who did not rate has no rating.
    missing: input.missing ?? (kind === "continuous" ? "exclude" : "zero"),
  };
}

function checkPolicy({ variants, metrics, policy }: ExperimentDefinition): void {
  const { type } = policy;
  if ((type === "canary" || type === "shadow") && variants.length !== 2) {
    throw invalid(`A ${type} has a control and a treatment, found ${variants.length} variants`, "variants");
  }
  if (type !== "bandit") return;
  if (variants.length < 2) throw invalid("A bandit needs at least two variants", "variants");
  if (!metrics.some(({ role }) => role === "primary")) {
    throw invalid(
      'A bandit shares traffic out by a primary metric, found none; give one metric the role "primary"',
      "metrics",
    );
  }
  if (policy.floor * variants.length > 1) {
    throw invalid(`${variants.length} variants cannot have a floor of ${policy.floor} each`, "policy.floor");
  }
}

function requireDistinct(keys: readonly string[], param: string): void {
  const repeated = keys.find((key, i) => keys.indexOf(key) !== i);
  if (repeated !== undefined)
    throw invalid(`"${repeated}" is there twice in "${param}"; keys must differ`, param);
}

function invalid(message: string, param: string): InvalidRequestError {
  return new InvalidRequestError(message, { code: "invalid_value", param });
}
