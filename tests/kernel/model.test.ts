import { expect, it } from "vitest";
import type { Architecture } from "../../shared/contracts/model.ts";
import { UnsupportedSizeError } from "../../shared/formats/packed-weights.ts";
import { createRandom } from "../../shared/random.ts";
import { kernelEngine, oracleEngine } from "./model-support.ts";
import { quantiseWeights } from "../../trainer/model/weight-format.ts";
import { randomWeights, relativeError, sized } from "./support.ts";

const families: Record<string, Partial<Architecture>> = {
  "plain, tied": {},
  "untied head": { tiedEmbeddings: false },
  "biases, as Qwen2 has": { attentionBias: true },
  "norms of queries and keys, as Qwen3 has": { queryKeyNorm: true, headSize: 16 },
  "odd sizes": {
    hiddenSize: 45,
    intermediateSize: 71,
    vocabularySize: 53,
    heads: 3,
    kvHeads: 1,
    headSize: 24,
  },
  "wider heads than the residual stream": { headSize: 32, queryKeyNorm: true, attentionBias: true },
};

const tokens = (count: number, seed: number) => {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => random.below(50));
};

it.each(Object.entries(families))("agrees with onnxruntime: %s", async (_, sizes) => {
  const architecture = sized(sizes);
  const [kernel, oracle] = [await kernelEngine(architecture), await oracleEngine(architecture)];
  const [ours, theirs] = [kernel.start(), oracle.start()];
  // One token, a few, more than are computed together, and positions in the middle.
  for (const [count, at] of [
    [1, "last"],
    [5, [0, 3]],
    [37, [1, 15, 16, 36]],
    [2, []],
    [1, "last"],
  ] as const) {
    const ids = tokens(count, count);
    const found = (await ours.append(ids, at)).slice();
    const wanted = await theirs.append(ids, at);
    expect(found.length).toBe(wanted.length);
    if (wanted.length > 0) expect(relativeError(found, wanted)).toBeLessThan(2e-3);
  }
  expect(ours.length).toBe(46);
});

it.each(Object.entries(families))("agrees with onnxruntime in 4 bits: %s", async (_, sizes) => {
  const architecture = sized(sizes);
  const weights = quantiseWeights(randomWeights(architecture, 2), "int4");
  const [kernel, oracle] = [
    await kernelEngine(architecture, weights),
    await oracleEngine(architecture, weights),
  ];
  const [ours, theirs] = [kernel.start(), oracle.start()];
  for (const count of [1, 21]) {
    const ids = tokens(count, count);
    expect(relativeError(await ours.append(ids), await theirs.append(ids))).toBeLessThan(2e-3);
  }
});

it("soft-prompt vectors, and keys and values from outside, agree with onnxruntime", async () => {
  const architecture = sized({ kvHeads: 2, headSize: 16 });
  const [kernel, oracle] = [await kernelEngine(architecture), await oracleEngine(architecture)];
  const random = createRandom(3);
  const vectors = {
    tokens: 21,
    data: Float32Array.from({ length: 21 * architecture.hiddenSize }, () => random.normal()),
  };
  const size = 2 * architecture.layers * 2 * 21 * 16;
  const kv = { tokens: 21, data: Float32Array.from({ length: size }, () => random.normal()) };
  const pairs = [
    [await kernel.computePrefix(vectors, [4, 5]), await oracle.computePrefix(vectors, [4, 5])],
    [await kernel.loadPrefix(kv), await oracle.loadPrefix(kv)],
  ] as const;
  for (const [ours, theirs] of pairs) {
    expect(ours.tokens).toBe(theirs.tokens);
    const found = await kernel.start(ours).append([7, 8, 9], [0, 2]);
    expect(relativeError(found, await oracle.start(theirs).append([7, 8, 9], [0, 2]))).toBeLessThan(2e-3);
  }
});

it("refuses head sizes and groups that it cannot run", async () => {
  await expect(kernelEngine(sized({ headSize: 12 }))).rejects.toThrow(UnsupportedSizeError);
  await expect(kernelEngine(sized({ heads: 3, kvHeads: 2 }))).rejects.toThrow(UnsupportedSizeError);
});
