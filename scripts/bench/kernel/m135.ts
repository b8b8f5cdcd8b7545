import { createHash, randomFillSync } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  bundleFiles,
  modelManifestSchema,
  type Architecture,
  type ModelManifest,
} from "../../../shared/contracts/model.ts";
import {
  groupScaleBytes,
  packedFileName,
  packedLayout,
  rowBytes,
  type PackedMatrix,
} from "../../../shared/formats/packed-weights.ts";
import { groupScaleBits } from "../../../trainer/model/group-scale.ts";
import { connectInspector } from "../serving/inspector.ts";
import { totalBytes, watchMemory } from "../serving/memory.ts";
import { measureRate, median, workerdRunner } from "./measure.ts";
import { startWorkerd } from "./workerd.ts";

/** What SmolLM2-135M is, with a context of 1,024. */
const architecture: Architecture = {
  family: "llama",
  hiddenSize: 576,
  layers: 30,
  heads: 9,
  kvHeads: 3,
  headSize: 64,
  intermediateSize: 1536,
  vocabularySize: 49_152,
  contextLength: 1024,
  ropeTheta: 100_000,
  normEpsilon: 1e-5,
  tiedEmbeddings: true,
  attentionBias: false,
  queryKeyNorm: false,
};

const ANSWER_TOKENS = 64;

export interface M135Result {
  /** Tokens per second of CPU time. */
  readonly decode: number;
  /** wasm memory and JS heap, at their highest from loading to a full context. */
  readonly peakBytes: number;
}

/** Measures a model of that shape in 4 bits, whose weights are random: neither speed nor memory asks what they are. */
export async function measureM135(folder: string, rounds: number): Promise<M135Result> {
  await writeModel(folder);
  const process = await startWorkerd("kernel", folder);
  try {
    const inspector = await connectInspector(process.debuggerUrl);
    /** Bytes at most while the Worker answers. */
    const peakOf = async (path: string) => {
      const memory = watchMemory(inspector);
      await process.call(path);
      return totalBytes(await memory.stop());
    };
    const input = architecture.contextLength - ANSWER_TOKENS;
    const ids = Array.from({ length: input }, (_, i) => (i * 97) % architecture.vocabularySize);
    const peakBytes = Math.max(
      await peakOf("/load"),
      await peakOf(`/run?ids=${ids.join()}&answerTokens=${ANSWER_TOKENS}&callers=1`),
    );
    inspector.close();
    const runner = workerdRunner(process);
    const rates: number[] = [];
    for (let round = 0; round < rounds; round++) rates.push((await measureRate(runner)).decode);
    return { decode: median(rates), peakBytes };
  } finally {
    await process.stop();
  }
}

async function writeModel(folder: string): Promise<void> {
  const file = randomWeights();
  const sha256 = createHash("sha256").update(file).digest("hex");
  const name = packedFileName("int4");
  const manifest: ModelManifest = {
    name: "m135",
    architecture,
    specialTokens: { beginning: null, end: [0] },
    digest: sha256,
    files: { [name]: { bytes: file.length, sha256 } },
    source: "random numbers",
    license: "none",
    createdAt: 0,
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), file);
  await writeFile(join(folder, bundleFiles.manifest), JSON.stringify(modelManifestSchema.parse(manifest)));
}

function randomWeights(): Uint8Array {
  const layout = packedLayout(architecture, "int4");
  const file = randomFillSync(new Uint8Array(layout.bytes));
  const floats = (offset: number, length: number, value: number) =>
    new Float32Array(file.buffer, offset, length).fill(value);
  const scale = (matrix: PackedMatrix) => {
    const { weights, scales, inputs, outputs } = matrix;
    // Outputs about as large as the inputs: levels have a root mean square of 4.6.
    const step = 1 / (4.6 * Math.sqrt(inputs));
    if (scales !== undefined) floats(scales, outputs, step / 16);
    else {
      for (let row = 0; row < outputs; row++) {
        const at = weights + row * rowBytes(matrix);
        new Uint16Array(file.buffer, at, groupScaleBytes(inputs) / 2).fill(groupScaleBits(step));
      }
    }
  };
  scale(layout.embedding);
  for (const layer of layout.layers) {
    floats(layer.inputNorm, architecture.hiddenSize, 1);
    floats(layer.postAttentionNorm, architecture.hiddenSize, 1);
    for (const matrix of [...layer.queryKeyValue, layer.output, layer.gateUp, layer.down]) scale(matrix);
  }
  floats(layout.finalNorm, architecture.hiddenSize, 1);
  return file;
}
