import { promptFiles, promptKey } from "../../shared/contracts/job.ts";
import type { Architecture } from "../../shared/contracts/model.ts";
import { ConflictError, InternalError } from "../../shared/errors.ts";
import { parseSafetensors, type SafetensorsFile } from "../../shared/formats/safetensors.ts";
import { freeBuffer } from "../../shared/free-buffer.ts";
import type { Prefix } from "../../shared/ports/inference-engine.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import type { LoadedModel } from "../deps.ts";
import type { PromptRecord } from "../records/prompts.ts";
import { CorruptObjectError, readVerified } from "./verified-object.ts";

/** Far more than the two files' headers need; a hostile one costs nothing. */
const MAX_HEADER_BYTES = 64 * 1024;

/** A soft prompt's files are not what the registry recorded: tuned again, it works again. */
export class CorruptPromptError extends InternalError {
  constructor(cause: CorruptObjectError) {
    super(cause.message, { code: "corrupt_prompt", cause });
  }
}

/**
 * Reads a soft prompt from the bucket and gives its keys and values to the engine: as they are from `prefix.safetensors`
 * (`kv`, `[layers, 2, kvHeads, tokens, headSize]`), or computed with the base model's weights from the vectors in
 * `adapter_model.safetensors` (`prompt_embeddings`, `[tokens, hidden]`).
 *
 * Throws ConflictError (code `base_model_mismatch`) when the prompt was tuned on other weights than those served,
 * CorruptPromptError, UnavailableError when the bucket cannot be read.
 */
export async function loadPrefix(
  store: ObjectStore,
  model: LoadedModel,
  record: PromptRecord,
): Promise<Prefix> {
  try {
    return await load(store, model, record);
  } catch (cause) {
    throw cause instanceof CorruptObjectError ? new CorruptPromptError(cause) : cause;
  }
}

async function load(store: ObjectStore, model: LoadedModel, record: PromptRecord): Promise<Prefix> {
  const { architecture, digest } = model.manifest;
  checkBase(record.model, record.prompt.base_digest, digest);
  const kv = await readFile(store, record, promptFiles.prefix);
  if (kv) {
    checkBase(record.model, kv.metadata["base_digest"] ?? digest, digest);
    const tensor = kvTensor(kv, architecture, record);
    return model.engine.loadPrefix(tensor).finally(() => freeBuffer(tensor.data));
  }
  const adapter = await readFile(store, record, promptFiles.adapterModel);
  if (!adapter)
    throw new CorruptObjectError(`"${record.model}" has neither "${promptFiles.prefix}" nor an adapter`);
  const tokens = record.prompt.virtual_tokens;
  const data = floats(adapter, "prompt_embeddings", [tokens, architecture.hiddenSize]);
  return model.engine.computePrefix({ tokens, data }).finally(() => freeBuffer(data));
}

function checkBase(name: string, found: string, wanted: string): void {
  if (found === wanted) return;
  throw new ConflictError(
    `"${name}" was tuned on a base model with digest "${found}", the one served has "${wanted}"; tune it again`,
    { code: "base_model_mismatch", param: "model" },
  );
}

async function readFile(
  store: ObjectStore,
  record: PromptRecord,
  file: string,
): Promise<SafetensorsFile | null> {
  const expected = record.prompt.files[file];
  if (!expected) return null;
  const bytes = await readVerified(store, promptKey(record.organization, record.id, file), expected);
  return parseSafetensors(bytes, MAX_HEADER_BYTES);
}

function kvTensor(file: SafetensorsFile, { layers, kvHeads, headSize }: Architecture, record: PromptRecord) {
  const tokens = record.prompt.virtual_tokens;
  return { tokens, data: floats(file, "kv", [layers, 2, kvHeads, tokens, headSize]) };
}

/** A float32 tensor of the given shape. Throws CorruptObjectError for any other, and for values that are not finite. */
function floats(file: SafetensorsFile, name: string, shape: readonly number[]): Float32Array {
  const tensor = file.tensors.get(name);
  if (tensor?.type !== "F32" || tensor.shape.join() !== shape.join()) {
    const found = tensor ? `${tensor.type} [${tensor.shape}]` : "nothing";
    throw new CorruptObjectError(`Tensor "${name}" is ${found}, wanted F32 [${shape}]`);
  }
  // Copied: the file's bytes need not lie at a multiple of four. It has no other tensor.
  const values = new Float32Array(new Uint8Array(tensor.bytes).buffer);
  freeBuffer(tensor.bytes);
  if (!values.every(Number.isFinite))
    throw new CorruptObjectError(`Tensor "${name}" holds values that are not finite`);
  return values;
}
