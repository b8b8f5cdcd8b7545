import { describe, expect, it } from "vitest";
import { checkGate } from "../../functions/experiments/gate.ts";
import { experimentEntrySchema } from "../../shared/contracts/experiment.ts";
import type { Evaluation } from "../../shared/contracts/job.ts";

const scores = (accuracy: number | null, loss = 1) => ({ accuracy, loss, token_accuracy: 0.5 });
const evaluation = (more: Partial<Evaluation> = {}): Evaluation => ({
  split: "test",
  rows: 300,
  majority_share: null,
  base: scores(0.7),
  tuned: scores(0.9),
  ...more,
});
const entry = (gate: object = {}) => experimentEntrySchema.parse({ name: "x", gate });
const ownBase = { model: "base", isOwnBase: true };

describe("gate", () => {
  it("compares with the base model where that serves, on the same rows", () => {
    expect(checkGate(entry(), evaluation(), ownBase)).toEqual({
      passed: true,
      reason: "accuracy 0.9000 against 0.7000 on 300 held-out rows",
    });
  });

  it("wants a gain, and as much as is asked for", () => {
    expect(checkGate(entry(), evaluation({ tuned: scores(0.7) }), ownBase).passed).toBe(false);
    expect(checkGate(entry({ min_gain: 0.25 }), evaluation(), ownBase)).toMatchObject({
      passed: false,
      reason: expect.stringContaining("a gain of at least 0.25") as string,
    });
  });

  it("compares with the tuned model that serves only if both were evaluated in one job", () => {
    const current = { model: "ft:now", isOwnBase: false };
    expect(checkGate(entry(), evaluation(), current).reason).toContain('not evaluated beside "ft:now"');
    const other = evaluation({ current: { model: "ft:before", scores: scores(0.1) } });
    expect(checkGate(entry(), other, current).passed).toBe(false);
    const beside = evaluation({ current: { model: "ft:now", scores: scores(0.85) } });
    expect(checkGate(entry(), beside, current)).toMatchObject({ passed: true });
  });

  it("goes by loss where a task has no labels, and less is better there", () => {
    const text = evaluation({ base: scores(null, 2), tuned: scores(null, 1.5) });
    expect(checkGate(entry(), text, ownBase).passed).toBe(true);
    expect(checkGate(entry({ metric: "accuracy" }), text, ownBase).reason).toContain('has no "accuracy"');
  });

  it("does not believe an evaluation on training rows, nor a missing one", () => {
    expect(checkGate(entry(), evaluation({ split: "train" }), ownBase).passed).toBe(false);
    expect(checkGate(entry(), null, ownBase).passed).toBe(false);
  });
});
