import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import type { Architecture } from "../../shared/contracts/model.ts";
import { NotFoundError } from "../../shared/errors.ts";
import { createTokenizer } from "../../shared/text/tokenizer.ts";
import { EMBEDDING_WEIGHT, weightShapes } from "./architecture.ts";
import { parseModelConfig } from "./hugging-face-config.ts";
import { importOnnxWeights } from "./import-onnx.ts";
import type { ModelSource } from "./model-source.ts";
import { CheckpointError, hasCheckpoint, openCheckpoint, type Checkpoint } from "./safetensors-checkpoint.ts";
import { convertWeight, type WeightFormat } from "./weight-format.ts";
import type { Weight } from "./quantisation.ts";
import type { Weights } from "./weights.ts";

const CONFIG_FILE = "config.json";
const ONNX_FILE = join("onnx", "model_quantized.onnx");
const HEAD_WEIGHT = "lm_head.weight";
/** Tensors of old checkpoints that follow from the configuration. */
const DERIVED = /\.rotary_emb\.inv_freq$/;

export interface HuggingFaceOptions {
  readonly format: WeightFormat;
  /** Tokens that a sequence may hold at most, whatever the model was trained for. */
  readonly contextLength: number;
  readonly name: string;
}

/** Whether a folder is a Hugging Face checkpoint that this importer reads. */
export const isHuggingFace = (folder: string): boolean => existsSync(join(folder, CONFIG_FILE));

/**
 * Reads a folder as Hugging Face lays it out: `config.json`, `tokenizer.json`, and weights in `model.safetensors`, in several
 * files with an index, or in a dynamically quantised `onnx/model_quantized.onnx`. Tensors are brought into `format` one after
 * the other, so that the whole model is never in memory as float32.
 *
 * Throws ModelConfigError, CheckpointError, SafetensorsError, OnnxImportError, NotFoundError, InvalidDataError.
 */
export async function importHuggingFace(
  folder: string,
  { format, contextLength, name }: HuggingFaceOptions,
): Promise<ModelSource> {
  const read = (file: string) => readFile(join(folder, file), "utf8");
  const readOptional = (file: string) => (existsSync(join(folder, file)) ? read(file) : undefined);
  const { family, architecture, specialTokens } = parseModelConfig(
    await read(CONFIG_FILE),
    contextLength,
    await readOptional("generation_config.json"),
  );
  const tokenizer = await readOptional("tokenizer.json");
  if (tokenizer === undefined) throw missing(folder, "tokenizer.json");
  const tokenizerConfig = withTemplate(
    (await readOptional("tokenizer_config.json")) ?? "{}",
    await readOptional("chat_template.jinja"),
  );
  createTokenizer(tokenizer, tokenizerConfig, specialTokens);
  checkVocabulary(tokenizer, architecture);
  // MiniMind's training put the token in front itself; its tokenizer does not.
  const beginning =
    family === "minimind" ? specialTokens.beginning : beginningToken(tokenizer, tokenizerConfig);
  return {
    name: modelName(name),
    architecture,
    specialTokens: { ...specialTokens, beginning },
    weights: await readWeights(folder, architecture, format),
    tokenizer,
    tokenizerConfig,
    source: `Hugging Face checkpoint "${name}"`,
    license: /^license:\s*(\S+)/m.exec((await readOptional("README.md")) ?? "")?.[1] ?? "unknown",
  };
}

async function readWeights(
  folder: string,
  architecture: Architecture,
  format: WeightFormat,
): Promise<Weights> {
  const onnx = join(folder, ONNX_FILE);
  if (!hasCheckpoint(folder) && existsSync(onnx))
    return importOnnxWeights(await readFile(onnx), architecture);
  if (!hasCheckpoint(folder)) throw missing(folder, `model.safetensors" or "${ONNX_FILE}`);
  const checkpoint = await openCheckpoint(folder);
  try {
    const shapes = weightShapes(architecture);
    await checkOthers(checkpoint, shapes);
    const weights = new Map<string, Weight>();
    for (const [name, shape] of shapes)
      weights.set(name, convertWeight(name, await checkpoint.read(name, shape), format));
    return weights;
  } finally {
    await checkpoint.close();
  }
}

/** A tensor that would be left out belongs to a model that is not what its configuration says. */
async function checkOthers(
  checkpoint: Checkpoint,
  shapes: ReadonlyMap<string, readonly number[]>,
): Promise<void> {
  const others = [...checkpoint.names].filter((name) => !shapes.has(name) && !DERIVED.test(name));
  const stray = others.find((name) => name !== HEAD_WEIGHT);
  if (stray !== undefined) throw new CheckpointError(`Tensor "${stray}" has no place in the model`);
  if (others.length === 0) return;
  const shape = shapes.get(EMBEDDING_WEIGHT) as readonly number[];
  const [embedding, head] = [
    await checkpoint.read(EMBEDDING_WEIGHT, shape),
    await checkpoint.read(HEAD_WEIGHT, shape),
  ];
  if (embedding.values.some((value, i) => value !== head.values[i]))
    throw new CheckpointError("Embeddings are said to be tied, but embedding and head differ");
}

const tokenizerSchema = z.looseObject({
  model: z.looseObject({
    vocab: z.union([
      z.record(z.string(), z.int()),
      z.array(z.unknown()).transform((list) => list.length - 1),
    ]),
  }),
  added_tokens: z.array(z.looseObject({ id: z.int() })).default([]),
});

/** Every id that the tokenizer gives must have a row in the embedding. */
function checkVocabulary(tokenizerJson: string, { vocabularySize }: Architecture): void {
  const { model, added_tokens: added } = parse("tokenizer.json", tokenizerJson, tokenizerSchema);
  let largest = typeof model.vocab === "number" ? model.vocab : -1;
  if (typeof model.vocab !== "number")
    for (const id of Object.values(model.vocab)) largest = Math.max(largest, id);
  for (const { id } of added) largest = Math.max(largest, id);
  if (largest >= vocabularySize)
    throw new CheckpointError(
      `The tokenizer has a token ${largest}, the model's vocabulary ${vocabularySize}`,
    );
}

/** What the tokenizer puts in front of a text. */
function beginningToken(tokenizerJson: string, configJson: string): number | null {
  const tokenizer = new Tokenizer(JSON.parse(tokenizerJson) as object, JSON.parse(configJson) as object);
  const firstOf = (special: boolean) => tokenizer.encode("a", { add_special_tokens: special }).ids[0];
  const first = firstOf(true);
  return first === undefined || first === firstOf(false) ? null : first;
}

const namedTemplates = z.array(z.object({ name: z.string(), template: z.string() })).min(1);

/** `tokenizer_config.json` with one chat template in it, which may come in a file of its own or among several. */
function withTemplate(configJson: string, templateFile: string | undefined): string {
  const config = parse("tokenizer_config.json", configJson, z.looseObject({}));
  if (templateFile !== undefined) return JSON.stringify({ ...config, chat_template: templateFile });
  const named = namedTemplates.safeParse(config["chat_template"]).data;
  if (!named) return configJson;
  const chosen = named.find(({ name }) => name === "default") ?? named[0];
  return JSON.stringify({ ...config, chat_template: chosen?.template });
}

function parse<T>(file: string, json: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(json));
  } catch (cause) {
    throw new CheckpointError(`"${file}" is not what it should be`, cause);
  }
}

/** A name that a bucket's folder and a model's id may have. */
function modelName(name: string): string {
  const safe = name.toLowerCase().replaceAll(/[^a-z0-9._-]+/g, "-");
  return safe.replace(/^[^a-z0-9]+/, "").slice(0, 64) || "model";
}

const missing = (folder: string, file: string) =>
  new NotFoundError(`"${folder}" has no "${file}"`, { code: "model_not_found" });
