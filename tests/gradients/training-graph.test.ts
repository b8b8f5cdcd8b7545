import { afterEach, expect, test } from "vitest";
import type { Architecture } from "../../shared/contracts/model.ts";
import { EMBEDDING_WEIGHT } from "../../trainer/model/architecture.ts";
import { prefixGraph } from "../../trainer/model/prefix-graph.ts";
import { packBatch, type TokenizedExample } from "../../trainer/model/training-batch.ts";
import {
  evaluationGraph,
  trainingGraph,
  type BatchLayout,
  type SoftPromptSlot,
} from "../../trainer/model/training-graph.ts";
import type { Graph } from "../../trainer/onnx/graph.ts";
import { createSession, type Tensors } from "../../trainer/onnx/session.ts";
import { finiteDifferences, relativeError } from "./finite-differences.ts";
import { seededRandom, uniform } from "./random.ts";
import { repeatedPromptFeeds, repeatedPromptGraph } from "./repeated-prompt.ts";
import { randomModel, tinyArchitecture, type TinyModel } from "./tiny-model.ts";

const VIRTUAL_TOKENS = 3;
const examples = [
  { input: [4, 9, 31, 7, 22], target: [12, 40] },
  { input: [8, 8], target: [3] },
  { input: [17, 45, 2, 30], target: [11, 5, 49] },
];
const asTokenized = ({ input, target }: (typeof examples)[number]): TokenizedExample => ({
  context: input,
  completions: [target],
});

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function model(change: Partial<Architecture> = {}): Promise<TinyModel> {
  const made = await randomModel({ ...tinyArchitecture, ...change });
  cleanUps.push(() => made.remove());
  return made;
}

async function open(graph: Graph, { weights }: TinyModel) {
  const session = await createSession(graph, { folder: weights.folder, threads: 1 });
  cleanUps.push(() => session.close());
  return session;
}

async function run(graph: Graph, owner: TinyModel, feeds: Tensors): Promise<Tensors> {
  return (await open(graph, owner)).run(feeds);
}

const promptVectors = ({ architecture }: TinyModel) =>
  uniform(seededRandom(3), VIRTUAL_TOKENS * architecture.hiddenSize);
const prompt = { method: "prompt", tokens: VIRTUAL_TOKENS } as const satisfies SoftPromptSlot;

const variations: Record<string, Partial<Architecture>> = {
  "a plain Llama": {},
  "an untied head": { tiedEmbeddings: false },
  "query, key and value biases (Qwen2)": { attentionBias: true },
  "normed queries and keys (Qwen3)": { queryKeyNorm: true },
  "one key head for all queries": { kvHeads: 1 },
  "a key head per query head": { kvHeads: 4 },
  "a single layer": { layers: 1 },
  "heads wider than the hidden size": { headSize: 12 },
};

/** Compares loss and gradient over `rows`, packed as `layout` says, with those of the oracle. */
async function expectAsRepeated(
  tiny: TinyModel,
  rows: typeof examples,
  length: number,
  layout: BatchLayout,
): Promise<void> {
  const soft_prompt = promptVectors(tiny);
  const sizes = { batch: rows.length, virtualTokens: VIRTUAL_TOKENS, length };
  const oracle = await run(repeatedPromptGraph(tiny.architecture, tiny.weights, sizes), tiny, {
    soft_prompt,
    ...repeatedPromptFeeds(rows, sizes),
  });
  const { feeds } = packBatch(rows.map(asTokenized), layout, VIRTUAL_TOKENS);
  const found = await run(trainingGraph(tiny.architecture, tiny.weights, layout, prompt), tiny, {
    soft_prompt,
    ...feeds,
  });
  expect(found["loss"]?.[0]).toBeCloseTo(Number(oracle["loss"]?.[0]), 5);
  expect(relativeError(found["gradient"] as Float32Array, oracle["gradient"] as Float32Array)).toBeLessThan(
    2e-5,
  );
}

test.each(Object.entries(variations))("the shared prompt equals the repeated prompt: %s", async (_, change) =>
  expectAsRepeated(await model(change), examples, 8, { batch: 3, length: 7, labels: 8 }),
);

test("a long row, which attends in turns, equals the repeated prompt", async () => {
  const random = seededRandom(7);
  const ids = (count: number) => Array.from({ length: count }, () => 3 + Math.floor(random() * 40));
  // The two short ones share a row, and with it turns.
  const long = [297, 130, 150].map((length) => ({ input: ids(length), target: ids(3) }));
  await expectAsRepeated(await model(), long, 300, { batch: 2, length: 299, labels: 9 });
});

const slots: [
  string,
  Exclude<SoftPromptSlot, { method: "none" }>,
  Partial<Architecture>,
  Partial<BatchLayout>,
][] = [
  [
    "a prompt, biases and query and key norms",
    { method: "prompt", tokens: 3 },
    { attentionBias: true, queryKeyNorm: true },
    {},
  ],
  [
    "a prompt between shared tokens",
    { method: "prompt", tokens: 3 },
    {},
    { sharedBefore: 1, sharedAfter: 2 },
  ],
  ["a prefix of keys and values", { method: "prefix", tokens: 3 }, {}, {}],
  [
    "a prefix before shared tokens",
    { method: "prefix", tokens: 3 },
    { queryKeyNorm: true },
    { sharedAfter: 2 },
  ],
];

test.each(slots)("gradient against central differences: %s", async (_, slot, change, shared) => {
  const tiny = await model(change);
  const { layers, kvHeads, headSize, hiddenSize } = tiny.architecture;
  const layout: BatchLayout = { batch: 2, length: 10, labels: 6, ...shared };
  const { sharedBefore = 0, sharedAfter = 0 } = layout;
  const sharedTokens = sharedBefore + sharedAfter + (slot.method === "prompt" ? slot.tokens : 0);
  const { feeds } = packBatch(examples.map(asTokenized), layout, sharedTokens);
  const size =
    slot.method === "prompt" ? slot.tokens * hiddenSize : layers * 2 * kvHeads * slot.tokens * headSize;
  const soft_prompt = uniform(seededRandom(11), size);
  const all = {
    ...feeds,
    soft_prompt,
    ...(sharedBefore > 0 ? { ids_before: Int32Array.from([1]) } : {}),
    ...(sharedAfter > 0 ? { ids_after: Int32Array.from([27, 33]) } : {}),
  };
  const session = await open(trainingGraph(tiny.architecture, tiny.weights, layout, slot), tiny);
  const { gradient } = await session.run(all);
  // Summed in float64 from the labels' log-probabilities: the float32 loss is too coarse to difference.
  const weights = feeds["label_weights"] as Float32Array;
  const loss = async () => {
    const { log_probabilities } = await session.run(all, ["log_probabilities"]);
    return -(log_probabilities as Float32Array).reduce((sum, p, i) => sum + p * (weights[i] as number), 0);
  };
  const wanted = await finiteDifferences(soft_prompt, loss);
  expect(relativeError(gradient as Float32Array, wanted.values())).toBeLessThan(1e-3);
});

/** Log-probabilities of every completion token and the most likely tokens, example after example. */
async function score(
  tiny: TinyModel,
  rows: readonly TokenizedExample[],
  slot: SoftPromptSlot,
  layout: BatchLayout,
  feeds: Tensors,
): Promise<{ logProbabilities: number[]; predictions: number[] }> {
  const { sharedBefore = 0, sharedAfter = 0 } = layout;
  const shared = sharedBefore + sharedAfter + (slot.method === "prompt" ? slot.tokens : 0);
  const packed = packBatch(rows, layout, shared);
  const graph = evaluationGraph(tiny.architecture, tiny.weights, layout, slot);
  const outputs = await run(graph, tiny, { ...packed.feeds, ...feeds });
  const order = packed.slots.flatMap(({ completions }) => completions.flat());
  const read = (name: string) => order.map((index) => Number(outputs[name]?.[index]));
  return { logProbabilities: read("log_probabilities"), predictions: read("predictions") };
}

test("a prompt of token embeddings equals the tokens themselves, wherever they stand", async () => {
  const tiny = await model();
  const { hiddenSize } = tiny.architecture;
  const [first, second, third] = [6, 28, 19];
  const embeddings = tiny.values.get(EMBEDDING_WEIGHT) as Float32Array;
  const embed = (...ids: number[]) =>
    Float32Array.from(ids.flatMap((id) => [...embeddings.subarray(id * hiddenSize, (id + 1) * hiddenSize)]));
  const rows = examples.map(asTokenized);
  const layout: BatchLayout = { batch: 3, length: 10, labels: 8 };
  const inContext = rows.map((row) => ({ ...row, context: [first, second, third, ...row.context] }));
  const wanted = await score(tiny, inContext, { method: "none" }, layout, {});

  const inFront = await score(tiny, rows, prompt, layout, { soft_prompt: embed(first, second, third) });
  const between = { ...layout, sharedBefore: 1, sharedAfter: 1 };
  const afterFirst = await score(tiny, rows, { method: "prompt", tokens: 1 }, between, {
    soft_prompt: embed(second),
    ids_before: Int32Array.of(first),
    ids_after: Int32Array.of(third),
  });
  for (const found of [inFront, afterFirst]) {
    expect(relativeError(found.logProbabilities, wanted.logProbabilities)).toBeLessThan(1e-5);
    expect(found.predictions).toEqual(wanted.predictions);
  }
});

test("the keys and values that a prompt leaves behind equal the prompt as a prefix", async () => {
  const tiny = await model({ queryKeyNorm: true });
  const soft_prompt = promptVectors(tiny);
  const rows = examples.map(asTokenized);
  const layout: BatchLayout = { batch: 3, length: 10, labels: 8, sharedAfter: 2 };
  const ids_after = Int32Array.of(27, 33);
  const wanted = await score(tiny, rows, prompt, layout, { soft_prompt, ids_after });
  const { kv } = await run(prefixGraph(tiny.architecture, tiny.weights, VIRTUAL_TOKENS), tiny, {
    soft_prompt,
  });
  const prefix: SoftPromptSlot = { method: "prefix", tokens: VIRTUAL_TOKENS };
  const found = await score(tiny, rows, prefix, layout, { soft_prompt: kv as Float32Array, ids_after });
  expect(relativeError(found.logProbabilities, wanted.logProbabilities)).toBeLessThan(1e-5);
});

test("alternatives side by side score as each alone, and a completion may follow nothing but the prompt", async () => {
  const tiny = await model();
  const soft_prompt = promptVectors(tiny);
  const completions = [[12, 40, 3], [12], [7, 7, 7, 21], [40, 12]];
  for (const context of [[4, 9, 31], []]) {
    const together = await score(
      tiny,
      [{ context, completions }],
      prompt,
      { batch: 1, length: 12, labels: 10 },
      { soft_prompt },
    );
    const alone = completions.map((completion) => ({ context, completions: [completion] }));
    const apart = await score(tiny, alone, prompt, { batch: 4, length: 8, labels: 12 }, { soft_prompt });
    expect(relativeError(together.logProbabilities, apart.logProbabilities)).toBeLessThan(1e-5);
  }
});

test("examples that share a row do not see each other", async () => {
  const tiny = await model();
  const soft_prompt = promptVectors(tiny);
  const rows = examples.map(asTokenized);
  const packed = await score(tiny, rows, prompt, { batch: 1, length: 16, labels: 6 }, { soft_prompt });
  const apart = await score(tiny, rows, prompt, { batch: 3, length: 8, labels: 6 }, { soft_prompt });
  expect(relativeError(packed.logProbabilities, apart.logProbabilities)).toBeLessThan(1e-5);
});
