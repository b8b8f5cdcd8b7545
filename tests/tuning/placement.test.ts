import { afterAll, beforeAll, expect, test } from "vitest";
import { behindPrompt } from "../../functions/inference/render-request.ts";
import type { ResolvedModel } from "../../functions/inference/model-resolver.ts";
import { EMBEDDING_WEIGHT } from "../../trainer/model/architecture.ts";
import { computePrefixes, createScore, type TuningModel } from "../../trainer/tuning/prompt-objective.ts";
import { relativeError } from "../gradients/finite-differences.ts";
import { seededRandom, uniform } from "../gradients/random.ts";
import { randomModel, tinyArchitecture, type TinyModel } from "../gradients/tiny-model.ts";

const FIRST = 1;
let tiny: TinyModel;
let model: TuningModel;
beforeAll(async () => {
  tiny = await randomModel(tinyArchitecture);
  const { architecture, weights } = tiny;
  model = { architecture, weights, tokensBefore: [], tokensAfter: [FIRST, 5], threads: 1 };
});
afterAll(() => tiny.remove());

test("behind the first token, what is served equals what was tuned", async () => {
  const tokens = 3;
  const vectors = uniform(seededRandom(4), tokens * tinyArchitecture.hiddenSize);
  const rows = [
    {
      context: [9, 12],
      completions: [
        [7, 2],
        [8, 8, 2],
      ],
    },
  ];
  const split = { ...model, tokensBefore: [FIRST], tokensAfter: [5] };
  const tuned = await createScore(split, { slot: { method: "prompt", tokens }, data: vectors })(rows);
  const embedding = tiny.values.get(EMBEDDING_WEIGHT)?.subarray(FIRST * tinyArchitecture.hiddenSize) ?? [];
  const first = [...embedding].slice(0, tinyArchitecture.hiddenSize);
  const [kv] = await computePrefixes(model, tokens + 1, [Float32Array.of(...first, ...vectors)]);
  const served = { ...model, tokensAfter: [5] };
  const slot = { method: "prefix", tokens: tokens + 1 } as const;
  const found = await createScore(served, { slot, data: kv as Float32Array })(rows);
  const flat = (scores: typeof found) => scores.flat().flatMap(({ logProbabilities }) => logProbabilities);
  expect(relativeError(flat(found), flat(tuned))).toBeLessThan(1e-5);
});

test("the edge leaves the first token out only behind a prompt that holds it", () => {
  const resolved = (placement: "front" | "after_first" | undefined) =>
    ({
      prompt: placement === undefined ? null : { prompt: { placement } },
      manifest: { specialTokens: { beginning: FIRST, end: [2] } },
    }) as unknown as ResolvedModel;
  const ids = [FIRST, 8, 9];
  expect(behindPrompt(resolved("after_first"), ids)).toEqual([8, 9]);
  expect(behindPrompt(resolved("after_first"), [8, 9])).toEqual([8, 9]);
  expect(behindPrompt(resolved("after_first"), [FIRST])).toEqual([FIRST]);
  expect(behindPrompt(resolved("front"), ids)).toBe(ids);
  expect(behindPrompt(resolved(undefined), ids)).toBe(ids);
});
