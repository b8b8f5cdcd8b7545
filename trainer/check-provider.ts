import type { Architecture } from "../shared/contracts/model.ts";
import { UnavailableError } from "../shared/errors.ts";
import type { Provider } from "./choose-providers.ts";
import { weightShapes } from "./model/architecture.ts";
import { packBatch } from "./model/training-batch.ts";
import { trainingGraph, type BatchLayout, type SoftPromptSlot } from "./model/training-graph.ts";
import { createSession, type Precision } from "./onnx/session.ts";

/** The smallest model that has every part: grouped queries, biases, norms of queries and keys, an untied head. */
export const checkedArchitecture: Architecture = {
  family: "llama",
  hiddenSize: 8,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headSize: 4,
  intermediateSize: 12,
  vocabularySize: 16,
  contextLength: 16,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  tiedEmbeddings: false,
  attentionBias: true,
  queryKeyNorm: true,
};
export const checkedExample = { context: [3, 9, 4], completions: [[7, 2]] };
/** Vectors of the prompt, by whose values the loss is differentiated. */
const slot = { method: "prompt", tokens: 2 } as const satisfies SoftPromptSlot;
const layout: BatchLayout = { batch: 1, length: 4, labels: 2 };

/** Numbers between -1 and 1, the same everywhere. */
function numbers(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => (((i + 1) * 37 + seed * 101) % 199) / 99.5 - 1);
}

export const checkedPrompt = numbers(slot.tokens * checkedArchitecture.hiddenSize, 0);

export function checkedWeights(): Map<string, Float32Array> {
  return new Map(
    [...weightShapes(checkedArchitecture)].map(([name, shape], i) => {
      const count = shape.reduce((product, size) => product * size, 1);
      return [name, numbers(count, i + 1)];
    }),
  );
}

/** What the check must give; the tests find the same in float64, by finite differences. */
export const CHECKED_LOSS = 3.09663;
export const CHECKED_GRADIENT: readonly number[] = [
  0.01764, 0.00522, -0.02644, -0.07277, -0.11656, 0.02008, 0.01169, -0.01015, -0.17176, -0.07906, -0.07375,
  -0.19016, -0.22665, -0.20691, -0.11904, 0.00491,
];
/** Of the largest magnitude wanted; both are off by far less. */
const TOLERANCE = { float32: 1e-3, float16: 1e-2 } as const;

/** A provider does not run, or does not compute what it should. */
export class WrongProviderError extends UnavailableError {}

/**
 * Computes loss and gradient of a tiny model on `providers`, and throws WrongProviderError when they are not the known ones: a
 * prompt tuned there would be wrong without anybody noticing.
 */
export async function checkProvider(
  providers: readonly Provider[],
  precision: Precision = "float32",
): Promise<void> {
  const [provider = "cpu"] = providers;
  const { loss, gradient } = await computeCheck(providers, precision).catch((cause: unknown) => {
    throw new WrongProviderError(`Execution provider "${provider}" does not run here: ${String(cause)}`, {
      cause,
    });
  });
  compareCheck(provider, loss, [...gradient], precision);
}

/** Throws WrongProviderError unless the numbers are the known ones. */
export function compareCheck(
  provider: Provider,
  loss: number,
  gradient: readonly number[],
  precision: Precision = "float32",
): void {
  compare(`${provider}" computes a loss`, [loss], [CHECKED_LOSS], TOLERANCE[precision]);
  compare(`${provider}" computes a gradient`, gradient, CHECKED_GRADIENT, TOLERANCE[precision]);
}

async function computeCheck(
  providers: readonly Provider[],
  precision: Precision,
): Promise<{ loss: number; gradient: Float32Array }> {
  const values = checkedWeights();
  const shapes = weightShapes(checkedArchitecture);
  const weights: Parameters<typeof trainingGraph>[1] = {
    in: (graph, name) =>
      graph.constant(values.get(name) ?? new Float32Array(0), shapes.get(name) ?? [], name),
  };
  const session = await createSession(trainingGraph(checkedArchitecture, weights, layout, slot), {
    providers,
    precision,
    threads: 1,
  });
  try {
    const { feeds } = packBatch([checkedExample], layout, slot.tokens);
    const outputs = await session.run({ ...feeds, soft_prompt: checkedPrompt }, ["loss", "gradient"]);
    return { loss: Number(outputs["loss"]?.[0]), gradient: outputs["gradient"] as Float32Array };
  } finally {
    await session.close();
  }
}

function compare(what: string, found: readonly number[], wanted: readonly number[], tolerance: number): void {
  const largest = Math.max(...wanted.map(Math.abs));
  const isRight = wanted.every((value, i) => Math.abs(value - (found[i] ?? NaN)) <= tolerance * largest);
  const text = (list: readonly number[]) => list.map((x) => +x.toPrecision(4)).join(", ");
  if (isRight && found.length === wanted.length) return;
  throw new WrongProviderError(`Execution provider "${what} of ${text(found)}, wanted ${text(wanted)}`);
}
