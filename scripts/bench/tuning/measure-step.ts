import type { Architecture } from "../../../shared/contracts/model.ts";
import { createRandom } from "../../../shared/random.ts";
import type { BaseModel } from "../../../trainer/base-model.ts";
import type { TokenizedExample } from "../../../trainer/model/training-batch.ts";
import { Graph } from "../../../trainer/onnx/graph.ts";
import { createSession } from "../../../trainer/onnx/session.ts";
import { adamW } from "../../../trainer/tuning/optimiser.ts";
import { prefixParameters, promptParameters } from "../../../trainer/tuning/parametrisation.ts";
import { createPromptObjective } from "../../../trainer/tuning/prompt-objective.ts";

/** One setting to time; `length` counts input tokens, on top come four target tokens. */
export interface StepSetting {
  readonly method: "prompt_tuning" | "prefix_tuning";
  readonly n: number;
  readonly batch: number;
  readonly length: number;
  readonly steps: number;
  readonly threads: number;
}

export interface StepRow {
  readonly model: string;
  readonly method: string;
  readonly n: number;
  readonly batch: number;
  readonly length: number;
  readonly examples_per_second: number;
  readonly tokens_per_second: number;
  readonly gflops: number;
  readonly ms_per_step: number;
  readonly peak_rss_mb: number;
  readonly session_ms: number;
}

/** Target tokens of an example, as in the comparison with PEFT. */
const TARGETS = 4;

/** Times whole optimisation steps (loss, gradient, AdamW) on random tokens, the median of `steps` after two to warm up. */
export async function measureStep(base: BaseModel, setting: StepSetting): Promise<StepRow> {
  const { method, n, batch, length, steps, threads } = setting;
  const { architecture, name } = base.manifest;
  const random = createRandom(1);
  const ids = (count: number) => Array.from({ length: count }, () => 3 + random.below(5000));
  const examples: TokenizedExample[] = Array.from({ length: batch }, () => ({
    context: ids(length),
    completions: [ids(TARGETS)],
  }));
  const { layers, kvHeads, headSize } = architecture;
  const parametrisation =
    method === "prompt_tuning"
      ? promptParameters(n, base.embed(ids(n)))
      : prefixParameters(architecture, n, new Float32Array(layers * 2 * kvHeads * n * headSize).fill(0.01));
  const model = { architecture, weights: base.weights, tokensBefore: [], tokensAfter: [], threads };
  // The last target is predicted, never read.
  const layout = { batch, length: length + TARGETS - 1, labels: batch * TARGETS };
  const opened = performance.now();
  const objective = await createPromptObjective(model, parametrisation, layout);
  const sessionMs = performance.now() - opened;
  const optimiser = adamW();
  let parameters = parametrisation.start;
  let state = optimiser.init(parameters);
  const times: number[] = [];
  for (let step = -2; step < steps; step++) {
    const began = performance.now();
    const { gradient } = await objective.gradient(parameters, examples);
    ({ parameters, state } = optimiser.update(parameters, gradient, state, 1e-3));
    if (step >= 0) times.push(performance.now() - began);
  }
  await objective.close();
  const ms = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] as number;
  const shared = method === "prompt_tuning" ? n : 0;
  const work = stepFlops(architecture, shared + batch * layout.length, layout.labels);
  return {
    model: name,
    method,
    n,
    batch,
    length,
    examples_per_second: (batch / ms) * 1000,
    tokens_per_second: (objective.tokensPerStep / ms) * 1000,
    gflops: work / ms / 1e6,
    ms_per_step: ms,
    peak_rss_mb: process.resourceUsage().maxRSS / 1024,
    session_ms: sessionMs,
  };
}

/**
 * Floating-point operations of the products with weights, forward and backward to the inputs (4 per weight and row; the
 * weights themselves are frozen). Attention's own products are not counted; the last layer and the head run for labels only.
 */
function stepFlops(architecture: Architecture, rows: number, labels: number): number {
  const { hiddenSize, heads, kvHeads, headSize, intermediateSize, layers, vocabularySize } = architecture;
  const projections = hiddenSize * headSize * (heads + 2 * kvHeads);
  const rest = hiddenSize * headSize * heads + 3 * hiddenSize * intermediateSize;
  const ofRows = layers * projections + (layers - 1) * rest;
  return 4 * (rows * ofRows + labels * (rest + hiddenSize * vocabularySize));
}

/** What a plain matrix product of 1024 x 1024 matrices reaches here, in GFLOP/s: the best of several runs. */
export async function gemmPeak(threads: number): Promise<number> {
  const size = 1024;
  const graph = new Graph();
  const x = graph.input("x", "float32", [size, size]);
  const weight = graph.constant(new Float32Array(size * size).fill(0.5), [size, size]);
  graph.output("y", graph.op("MatMul", [x, weight]));
  const session = await createSession(graph, { threads });
  const feeds = { x: new Float32Array(size * size).fill(0.25) };
  let best = Infinity;
  for (let run = 0; run < 12; run++) {
    const began = performance.now();
    await session.run(feeds);
    best = Math.min(best, performance.now() - began);
  }
  await session.close();
  return (2 * size ** 3) / best / 1e6;
}
