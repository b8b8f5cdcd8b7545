import { expect, test } from "vitest";
import { tuneSettingsSchema } from "../../shared/contracts/job.ts";
import { chooseSettings, type TaskFacts } from "../../trainer/choose-settings.ts";

const facts = { rows: 2000, tokens: 50_000, labels: 6, hasFirstToken: true };
const choose = (settings: Record<string, unknown>, change: Partial<TaskFacts> = {}) =>
  chooseSettings(tuneSettingsSchema.parse(settings), { ...facts, ...change });

test("what is left open is chosen, and said why", () => {
  const chosen = choose({});
  expect(chosen).toMatchObject({
    method: "prefix_tuning",
    init: "text",
    placement: "front",
    candidateShare: 0,
    learningRate: 0.04,
    epochs: 6,
  });
  expect(choose({ method: "prompt_tuning" }).epochs).toBe(5);
  expect(choose({}, { labels: 2 })).toMatchObject({
    method: "prompt_tuning",
    virtualTokens: 48,
    optimizer: "muon",
    learningRate: 0.1,
    epochs: 4.8,
  });
  expect(choose({ method: "prefix_tuning" }, { labels: 2 }).learningRate).toBe(0.06);
  expect(choose({}, { labels: null }).init).toBe("examples");
  expect(choose({ method: "prompt_tuning" }, { labels: null }).init).toBe("sample_vocab");
  expect(choose({ method: "prompt_tuning" }).candidateShare).toBe(0.5);
  expect(chosen.reason).toContain("2000 rows of 6 labels");
  expect(choose({}, { labels: 2, rows: 1500, tokens: 137_000 }).epochs).toBeCloseTo(1.75, 2);
  expect([null, 2, 6].map((labels) => choose({}, { labels }).inputWeight)).toEqual([0, 0, 0.3]);
  expect(choose({}, { rows: 30, tokens: 900 }).epochs).toBe(20);
  expect(choose({}, { rows: 20_000, tokens: 600_000 }).epochs).toBe(1);
  const huge = choose({}, { rows: 6_000_000, tokens: 180_000_000 });
  expect(huge.epochs).toBeCloseTo(2 / 180, 6);
  expect(huge.reason).toContain("0.011 passes see about 2000000 tokens");
});

test("what is given stays", () => {
  const given = { method: "p_tuning", virtual_tokens: 7, learning_rate: 0.2, epochs: 2, init: "labels" };
  expect(choose(given)).toMatchObject({
    method: "p_tuning",
    virtualTokens: 7,
    learningRate: 0.2,
    epochs: 2,
    init: "labels",
  });
  expect(choose({ early_stopping: false }).validationRows).toBe(0);
  expect(choose({ method: "prompt_tuning", initial_text: "Sort it" }).init).toBe("text");
});

test("a model without a first token takes the prompt in front, however short the rows", () => {
  expect(choose({ placement: "after_first" }, { hasFirstToken: false }).placement).toBe("front");
  expect(choose({ batch_size: 64 }, { rows: 10 }).batchSize).toBe(10);
});

test.each([
  [{ method: "lora" }, "method"],
  [{ init: "zeros" }, "init"],
  [{ placement: "behind" }, "placement"],
  [{ optimizer: "sgd" }, "optimizer"],
  [{ init: "prompt:../x" }, "init"],
])("%j is refused by name", (settings, name) => {
  const result = tuneSettingsSchema.safeParse(settings);
  expect(result.success).toBe(false);
  expect(result.error?.issues[0]?.path).toEqual([name]);
});
