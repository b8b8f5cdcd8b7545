import { describe, expect, it } from "vitest";
import { define, weightsOf } from "../../functions/experiments/define.ts";
import { experimentInputSchema } from "../../shared/contracts/experiment.ts";

const variants = [
  { key: "a", model: "m" },
  { key: "b", model: "n" },
];
const defined = (more: object) => define(experimentInputSchema.parse({ name: "test", variants, ...more }));

describe("definition", () => {
  it("fills in what follows from a metric's kind", () => {
    const metrics = [
      { key: "bought", kind: "binary" },
      { key: "rating", kind: "continuous" },
      { key: "clicks", kind: "count", direction: "decrease" },
    ];
    const { definition } = defined({ metrics });
    expect(definition.metrics.slice(0, 3)).toMatchObject([
      { per_unit: "any", missing: "zero", direction: "increase", role: "primary" },
      { per_unit: "mean", missing: "exclude" },
      { per_unit: "sum", missing: "zero", direction: "decrease" },
    ]);
    expect(definition.policy).toEqual({ type: "fixed" });
    expect(definition.unit).toBe("user");
    expect(definition.analysis).toEqual({ type: "sequential", alpha: 0.05 });
  });

  it("adds the metrics that need no reporting, and a guardrail to a canary that has none", () => {
    const fixed = defined({}).definition.metrics;
    expect(fixed.map(({ key }) => key)).toContain("latency_ms");
    expect(fixed.every(({ role }) => role === "secondary")).toBe(true);
    const canary = defined({ policy: "canary" }).definition;
    expect(canary.metrics.filter(({ role }) => role === "guardrail")).toMatchObject([
      { key: "error_rate", min_effect: 0.05, direction: "decrease" },
    ]);
    expect(canary.policy).toMatchObject({ steps: [1, 5, 10, 25, 50, 100], min_units: 100 });
  });

  it("comes to the same when it is defined again, as a candidate's experiment is", () => {
    const { definition } = defined({ policy: "canary", metrics: [{ key: "bought", kind: "binary" }] });
    expect(defined({ ...definition, policy: definition.policy }).definition).toEqual(definition);
  });

  it.each([
    [{ metrics: [{ key: "x" }] }, 'Metric "x" needs a "kind"'],
    [{ metrics: [{ key: "latency_ms", kind: "binary" }] }, '"latency_ms" is built in'],
    [{ metrics: [{ key: "x", kind: "count", per_unit: "any" }] }, "needs a binary one"],
    [
      {
        metrics: [
          { key: "x", kind: "count" },
          { key: "x", kind: "count" },
        ],
      },
      '"x" is there twice',
    ],
    [{ variants: [variants[0], variants[0]] }, '"a" is there twice'],
    [{ policy: "bandit" }, "found none"],
    [
      {
        policy: { type: "bandit", floor: 0.5 },
        variants: [...variants, { key: "c", model: "o" }],
        metrics: [{ key: "x", kind: "count" }],
      },
      "cannot have a floor of 0.5",
    ],
    [{ policy: "shadow", variants: [variants[0]] }, "found 1 variants"],
  ])("refuses %j", (more, message) => {
    expect(() => defined(more)).toThrow(message);
  });
});

describe("weights", () => {
  it.each([[[0.5, 0.5]], [[33.3, 33.3, 33.4]], [[1]], [[0.1, 0.2, 0.7]]])("%j are taken", (weights) => {
    expect(weightsOf(weights.map((weight, i) => ({ key: String(i), weight })))).toEqual(weights);
  });
  it.each([[[50, 40]], [[0.5, 0.6]], [[0, 0]], [[2, 2]]])("%j are refused", (weights) => {
    expect(() => weightsOf(weights.map((weight, i) => ({ key: String(i), weight })))).toThrow(
      /wanted 1 or 100/,
    );
  });
  it("are all given or none", () => {
    expect(weightsOf([{ key: "a" }, { key: "b" }])).toEqual([1, 1]);
    expect(() => weightsOf([{ key: "a", weight: 100 }, { key: "b" }])).toThrow('Variant "b" has no weight');
  });
});
