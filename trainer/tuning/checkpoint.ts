import { z } from "zod";
import { parseSafetensors, serializeSafetensors, type Tensor } from "../../shared/formats/safetensors.ts";
import type { TuneState } from "./tune.ts";

const validationSchema = z.object({ loss: z.number(), tokenAccuracy: z.number() });
const metadataSchema = z.object({
  fingerprint: z.string(),
  step: z.int(),
  learningRate: z.number(),
  optimiserStep: z.int(),
  sinceBest: z.int(),
  best: z.object({ step: z.int(), loss: z.number() }).nullable(),
  kept: z.array(z.int()),
  history: z.array(
    z.object({
      step: z.int(),
      trainLoss: z.number(),
      trainAccuracy: z.number(),
      valid: validationSchema.optional(),
    }),
  ),
});

/** Everything a run needs to go on, as one safetensors file; `fingerprint` says what run it belongs to. */
export function writeCheckpoint(state: TuneState, fingerprint: string): Uint8Array {
  const { parameters, average, best, kept, optimiser, step, learningRate, sinceBest, history } = state;
  const vectors: Record<string, Float32Array> = { parameters, average };
  if (best) vectors["best"] = best.parameters;
  for (const earlier of kept) vectors[`kept.${earlier.step}`] = earlier.parameters;
  for (const [name, data] of Object.entries(optimiser.tensors)) vectors[`optimiser.${name}`] = data;
  const metadata: z.infer<typeof metadataSchema> = {
    fingerprint,
    step,
    learningRate,
    optimiserStep: optimiser.step,
    sinceBest,
    best: best && { step: best.step, loss: best.loss },
    kept: kept.map((earlier) => earlier.step),
    history: history.map(({ valid, ...row }) => ({ ...row, ...(valid ? { valid } : {}) })),
  };
  return serializeSafetensors(
    new Map(Object.entries(vectors).map(([name, data]) => [name, toTensor(data)])),
    { state: JSON.stringify(metadata) },
  );
}

/**
 * Reads a checkpoint back; null when it is of another run (other rows, settings or base model) or of a trainer that wrote
 * them otherwise. Throws SafetensorsError.
 */
export function readCheckpoint(bytes: Uint8Array, fingerprint: string): TuneState | null {
  const { tensors, metadata } = parseSafetensors(bytes);
  const { data: state } = metadataSchema.safeParse(JSON.parse(metadata["state"] ?? "null"));
  if (state?.fingerprint !== fingerprint) return null;
  const read = (name: string) => {
    const tensor = tensors.get(name);
    return new Float32Array(new Uint8Array(tensor?.bytes ?? []).buffer);
  };
  const names = [...tensors.keys()].filter((name) => name.startsWith("optimiser."));
  return {
    step: state.step,
    learningRate: state.learningRate,
    parameters: read("parameters"),
    average: read("average"),
    optimiser: {
      step: state.optimiserStep,
      tensors: Object.fromEntries(names.map((name) => [name.slice("optimiser.".length), read(name)])),
    },
    best: state.best && { ...state.best, parameters: read("best") },
    kept: state.kept.map((step) => ({ step, parameters: read(`kept.${step}`) })),
    sinceBest: state.sinceBest,
    history: state.history.map(({ valid, ...row }) => ({ ...row, ...(valid ? { valid } : {}) })),
  };
}

function toTensor(data: Float32Array): Tensor {
  return {
    type: "F32",
    shape: [data.length],
    bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
}
