import { describe, expect, it } from "vitest";
import { assess, type PhaseData } from "../../functions/experiments/assess.ts";
import { define } from "../../functions/experiments/define.ts";
import { decideBandit } from "../../functions/experiments/policies/bandit.ts";
import { decideCanary } from "../../functions/experiments/policies/canary.ts";
import { verdictOf } from "../../functions/experiments/verdict.ts";
import {
  experimentInputSchema,
  type BanditPolicy,
  type CanaryPolicy,
} from "../../shared/contracts/experiment.ts";
import { proportion } from "./support.ts";

const bought = { key: "bought", kind: "binary", min_effect: 0.01 };
const complaint = {
  key: "complaint",
  kind: "binary",
  direction: "decrease",
  role: "guardrail",
  min_effect: 0.05,
};
const keys = ["a", "b", "c"];

function definition(more: object = {}, variants = 2) {
  const names = keys.slice(0, variants).map((key) => ({ key, model: key }));
  return define(experimentInputSchema.parse({ name: "x", variants: names, metrics: [bought], ...more }))
    .definition;
}
/** One phase of an even split; rates by metric and variant. */
function phase(units: readonly number[], rates: Record<string, readonly number[]>): PhaseData {
  const covariate = { count: 0, x: 0, xx: 0, xy: 0, y: 0 };
  const metrics = Object.entries(rates).map(([key, list]) => {
    const arms = list.map((rate, i) => ({
      moments: proportion(Math.round(rate * units[i]!), units[i]!),
      covariate,
    }));
    return [key, arms] as const;
  });
  return { phase: 1, shares: units.map(() => 1 / units.length), units, metrics: new Map(metrics) };
}
const verdict = (data: PhaseData, more: object = {}) => {
  const defined = definition(more, data.units.length);
  return verdictOf(defined, assess(defined, [data]));
};

describe("verdict", () => {
  it("says how many more units it takes", () => {
    const { state, text, unitsNeeded } = verdict(phase([1000, 1000], { bought: [0.1, 0.1] }));
    expect(state).toBe("keep_collecting");
    expect(text).toMatch(/^keep collecting \(about [\d,]+ more units\)$/);
    // R's power.prop.test says 14,751 for each at one look; looking all the time takes up to twice as many.
    expect(unitsNeeded).toBeGreaterThan(2 * 14_751 - 2000);
    expect(unitsNeeded).toBeLessThan(4 * 14_751);
  });

  it("names the better variant, whichever it is", () => {
    expect(verdict(phase([5000, 5000], { bought: [0.1, 0.15] }))).toMatchObject({
      text: "b is better",
      winner: "b",
    });
    expect(verdict(phase([5000, 5000], { bought: [0.15, 0.1] }))).toMatchObject({
      text: "a is better",
      winner: "a",
    });
    const three = phase([5000, 5000, 5000], { bought: [0.1, 0.13, 0.16] });
    expect(verdict(three)).toMatchObject({ winner: "c" });
  });

  it("says that a difference is not worth having, once it is known to be small", () => {
    const large = phase([100_000, 100_000], { bought: [0.1, 0.1005] });
    expect(verdict(large).text).toBe("no difference worth having");
  });

  it("does not trust a split that is off, whatever else there is", () => {
    const off = phase([5000, 6000], { bought: [0.1, 0.2] });
    expect(verdict(off).text).toBe("do not trust: sample ratio");
  });

  it("prefers the control where every treatment harms a guardrail", () => {
    const harmful = phase([2000, 2000], { bought: [0.1, 0.2], complaint: [0.05, 0.2] });
    const { text, winner } = verdict(harmful, { metrics: [bought, complaint] });
    expect(winner).toBe("a");
    expect(text).toContain("complaint");
  });

  it("of a fixed horizon waits for it, then decides once", () => {
    const analysis = { analysis: { type: "fixed", planned_units: 4000 } };
    expect(verdict(phase([1000, 1000], { bought: [0.1, 0.2] }), analysis)).toMatchObject({
      state: "keep_collecting",
      unitsNeeded: 2000,
    });
    expect(verdict(phase([2000, 2000], { bought: [0.1, 0.13] }), analysis).text).toBe("b is better");
    expect(verdict(phase([2000, 2000], { bought: [0.1, 0.105] }), analysis).state).toBe("inconclusive");
  });

  it("has nothing to go by without a primary metric", () => {
    expect(verdict(phase([1000, 1000], {}), { metrics: [] }).state).toBe("no_primary_metric");
  });

  it("corrects for several primary metrics (Holm)", () => {
    const more = Array.from({ length: 9 }, (_, i) => ({ key: `other_${i}`, kind: "binary" }));
    const rates = Object.fromEntries(more.map(({ key }) => [key, [0.1, 0.1]]));
    const data = phase([2000, 2000], { bought: [0.1, 0.134], ...rates });
    expect(verdict(data).state).toBe("better");
    expect(verdict(data, { metrics: [bought, ...more] }).state).not.toBe("better");
  });
});

describe("canary", () => {
  const canary = definition({ policy: "canary", metrics: [bought, complaint] });
  const policy = canary.policy as CanaryPolicy;
  const decide = (data: PhaseData, state: { step: number; unitsInPhase: number; minutesInPhase: number }) =>
    decideCanary(canary, policy, state, assess(canary, [data]));
  const good = phase([1000, 1000], { bought: [0.1, 0.1], complaint: [0.05, 0.05] });
  const ready = { step: 1, unitsInPhase: 1000, minutesInPhase: 60 };

  it("goes up step by step, each with its units", () => {
    expect(decide(good, ready)).toMatchObject({ action: "advance", step: 2 });
    expect(decide(good, { ...ready, unitsInPhase: 99 })).toBeNull();
  });

  it("is rolled back for a guardrail, paused for a primary metric, held for the sample ratio", () => {
    const harmful = phase([1000, 1000], { bought: [0.1, 0.2], complaint: [0.05, 0.15] });
    expect(decide(harmful, ready)).toMatchObject({ action: "roll_back" });
    const worse = phase([3000, 3000], { bought: [0.2, 0.1], complaint: [0.05, 0.05] });
    expect(decide(worse, ready)).toMatchObject({ action: "pause" });
    const off = phase([1000, 1500], { bought: [0.1, 0.1], complaint: [0.05, 0.05] });
    expect(decide(off, ready)).toBeNull();
  });

  it("is promoted only when the guardrails are known to be sound", () => {
    const last = { ...ready, step: policy.steps.length - 2 };
    const little = phase([120, 120], { bought: [0.1, 0.1], complaint: [0.05, 0.05] });
    expect(decide(little, last)).toBeNull();
    const enough = phase([4000, 4000], { bought: [0.1, 0.1], complaint: [0.05, 0.05] });
    expect(decide(enough, last)).toMatchObject({ action: "promote", variant: 1 });
  });
});

describe("bandit", () => {
  const bandit = definition({ policy: { type: "bandit", floor: 0.1 } }, 3);
  const policy = bandit.policy as BanditPolicy;
  const even = [1 / 3, 1 / 3, 1 / 3];
  const data = phase([1000, 1000, 1000], { bought: [0.1, 0.1, 0.15] });
  const decide = (minutesInPhase: number, shares = even) =>
    decideBandit(bandit, policy, { shares, minutesInPhase }, assess(bandit, [data]));

  it("gives the best most, and nobody less than the floor", () => {
    const decision = decide(60);
    if (decision?.action !== "reallocate") throw new Error("wanted other shares");
    const [a, b, c] = decision.weights as [number, number, number];
    expect(c).toBeGreaterThan(0.75);
    expect(Math.min(a, b)).toBeGreaterThanOrEqual(0.1);
    expect(a + b + c).toBeCloseTo(1, 9);
  });

  it("waits between two changes, and changes nothing for little", () => {
    expect(decide(59)).toBeNull();
    const decision = decide(60);
    if (decision?.action !== "reallocate") throw new Error("wanted other shares");
    expect(decide(60, [...decision.weights])).toBeNull();
  });
});
