import { z } from "zod";
import type { Architecture } from "../contracts/model.ts";
import { InvalidDataError } from "../errors.ts";
import type { KvTensor, SoftPromptVectors } from "../ports/inference-engine.ts";
import { parseSafetensors, type Tensor } from "./safetensors.ts";
import { toFloat32 } from "./tensor-floats.ts";

/** The adapter is none that this base model can be given. */
export class PeftError extends InvalidDataError {
  constructor(message: string, param: string) {
    super(message, { code: "invalid_adapter", param });
  }
}

/** Names of the two files in an upload's form; errors point to them. */
export const peftFields = { config: "adapter_config", model: "adapter_model" } as const;

/** `adapter_config.json` is a page of settings; a soft prompt's header lists three tensors at most. */
const MAX_CONFIG_BYTES = 64 * 1024;
const MAX_HEADER_BYTES = 64 * 1024;

const configSchema = z.looseObject({
  peft_type: z.enum(["PROMPT_TUNING", "P_TUNING", "PREFIX_TUNING", "MULTITASK_PROMPT_TUNING"]),
  task_type: z.literal("CAUSAL_LM").nullish(),
  base_model_name_or_path: z.string().nullish(),
  num_virtual_tokens: z.int().positive(),
  num_transformer_submodules: z.literal(1).nullish(),
  /** Weights trained beside the soft prompt would be lost. */
  modules_to_save: z.array(z.string()).max(0, "Expected no trained modules beside the soft prompt").nullish(),
});

/** What an adapter puts in front of the input: vectors in the embedding space, or keys and values of every layer. */
export type PeftPrompt =
  | { readonly method: "prompt_tuning"; readonly vectors: SoftPromptVectors }
  | { readonly method: "prefix_tuning"; readonly kv: KvTensor };

/**
 * Reads a soft prompt that Hugging Face PEFT saved. P-tuning stores its encoder's output, which is a plain prompt;
 * multi-task prompt tuning is worked out for one task, `embeddings * (cols @ rows)`; prefix tuning's `[P, 2*L*kvH*hd]`
 * becomes `[L, 2, kvH, P, hd]`, keys being stored as the cache holds them.
 * Source: `get_prompt` in peft/peft_model.py and peft/tuners/multitask_prompt_tuning/model.py, 0.20.
 *
 * Throws PeftError (code `invalid_adapter`) and SafetensorsError: another kind of adapter, a width that is not the base
 * model's, more tokens than half its context, values that are not finite, tensors that would be left out.
 *
 * @param task which of a multi-task prompt's tasks; may be left out where there is one
 */
export function parsePeftPrompt(
  config: Uint8Array,
  model: Uint8Array,
  architecture: Architecture,
  task?: number,
): PeftPrompt {
  const { peft_type: type, num_virtual_tokens: tokens } = parseConfig(config);
  const { hiddenSize, layers, kvHeads, headSize, contextLength } = architecture;
  const most = Math.floor(contextLength / 2);
  if (tokens > most) {
    throw new PeftError(
      `"num_virtual_tokens" is ${tokens}, at most half the context is allowed: ${most}`,
      peftFields.config,
    );
  }
  const { tensors } = parseSafetensors(model, MAX_HEADER_BYTES);
  const isMultitask = type === "MULTITASK_PROMPT_TUNING";
  const names = isMultitask
    ? ["prompt_embeddings", "prefix_task_cols", "prefix_task_rows"]
    : ["prompt_embeddings"];
  refuseOthers(tensors, names);
  const width = type === "PREFIX_TUNING" ? 2 * layers * kvHeads * headSize : hiddenSize;
  const embeddings = floats(tensors, "prompt_embeddings", [tokens, width]);
  if (type === "PREFIX_TUNING")
    return { method: "prefix_tuning", kv: { tokens, data: toCacheOrder(embeddings, architecture) } };
  const data = isMultitask ? multiply(embeddings, taskFactors(tensors, [tokens, width], task)) : embeddings;
  if (!data.every(Number.isFinite))
    throw new PeftError("The effective prompt holds values that are not finite", peftFields.model);
  return { method: "prompt_tuning", vectors: { tokens, data } };
}

function parseConfig(bytes: Uint8Array): z.infer<typeof configSchema> {
  if (bytes.length > MAX_CONFIG_BYTES) {
    throw new PeftError(
      `The configuration has ${bytes.length} bytes, at most ${MAX_CONFIG_BYTES} are allowed`,
      peftFields.config,
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch (cause) {
    throw new PeftError(`The configuration is not UTF-8 JSON: ${String(cause)}`, peftFields.config);
  }
  const config = configSchema.safeParse(json);
  if (config.success) return config.data;
  const issue = config.error.issues[0];
  throw new PeftError(
    `"${issue?.path.join(".") ?? ""}": ${issue?.message ?? "wrong shape"}`,
    peftFields.config,
  );
}

function refuseOthers(tensors: ReadonlyMap<string, Tensor>, names: readonly string[]): void {
  const other = [...tensors.keys()].find((name) => !names.includes(name));
  if (other === undefined) return;
  throw new PeftError(
    `Tensor "${other}" has no place in a soft prompt, wanted ${names.map((name) => `"${name}"`).join(", ")}`,
    peftFields.model,
  );
}

/** A tensor of the wanted shape (null is any size) as float32, all values finite. */
function floats(
  tensors: ReadonlyMap<string, Tensor>,
  name: string,
  wanted: readonly (number | null)[],
): Float32Array {
  const tensor = tensors.get(name);
  if (!tensor) throw new PeftError(`Tensor "${name}" is missing`, peftFields.model);
  const { shape, type } = tensor;
  if (shape.length !== wanted.length || wanted.some((size, i) => size !== null && size !== shape[i])) {
    const sizes = wanted.map((size) => size ?? "any");
    throw new PeftError(`Tensor "${name}" has shape [${shape}], wanted [${sizes}]`, peftFields.model);
  }
  const values = toFloat32(tensor);
  if (!values)
    throw new PeftError(`Tensor "${name}" has type ${type}, wanted F32, F16 or BF16`, peftFields.model);
  if (!values.every(Number.isFinite))
    throw new PeftError(`Tensor "${name}" holds values that are not finite`, peftFields.model);
  return values;
}

/** `[P, layers, 2, kvHeads, headSize]` to `[layers, 2, kvHeads, P, headSize]`. */
function toCacheOrder(embeddings: Float32Array, { layers, kvHeads, headSize }: Architecture): Float32Array {
  const rows = layers * 2 * kvHeads;
  const tokens = embeddings.length / (rows * headSize);
  const cache = new Float32Array(embeddings.length);
  for (let token = 0; token < tokens; token++) {
    for (let row = 0; row < rows; row++) {
      const from = (token * rows + row) * headSize;
      cache.set(embeddings.subarray(from, from + headSize), (row * tokens + token) * headSize);
    }
  }
  return cache;
}

/** `cols @ rows` of one task, `[P, hidden]`; cols are `[T, P, r]`, rows `[T, r, hidden]`. */
function taskFactors(
  tensors: ReadonlyMap<string, Tensor>,
  [tokens, width]: [number, number],
  task?: number,
): Float32Array {
  const [tasks = 0, , rank = 0] = tensors.get("prefix_task_cols")?.shape ?? [];
  const cols = floats(tensors, "prefix_task_cols", [null, tokens, null]);
  const rows = floats(tensors, "prefix_task_rows", [tasks, rank, width]);
  const chosen = task ?? (tasks === 1 ? 0 : undefined);
  if (chosen === undefined || chosen >= tasks) {
    throw new PeftError(
      `The adapter holds ${tasks} tasks, found ${task === undefined ? "no choice" : `task ${task}`}`,
      "task",
    );
  }
  const factors = new Float32Array(tokens * width);
  for (let token = 0; token < tokens; token++) {
    for (let r = 0; r < rank; r++) {
      const factor = cols[(chosen * tokens + token) * rank + r] as number;
      for (let i = 0; i < width; i++) {
        factors[token * width + i]! += factor * (rows[(chosen * rank + r) * width + i] as number);
      }
    }
  }
  return factors;
}

const multiply = (a: Float32Array, b: Float32Array) => a.map((value, i) => value * (b[i] as number));
