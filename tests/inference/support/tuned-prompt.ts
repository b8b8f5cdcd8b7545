import { createHash } from "node:crypto";
import { promptFiles, promptKey, tunedModelName, type TunedPrompt } from "../../../shared/contracts/job.ts";
import type { ModelManifest } from "../../../shared/contracts/model.ts";
import { serializeSafetensors, type Tensor } from "../../../shared/formats/safetensors.ts";
import { createRandom } from "../../../shared/random.ts";
import type { Deps } from "../../../functions/deps.ts";
import { insertPrompt, type PromptRecord } from "../../../functions/records/prompts.ts";

export interface StoredPromptOptions {
  readonly id: string;
  readonly manifest: ModelManifest;
  readonly tokens: number;
  readonly rowFormat?: TunedPrompt["row_format"];
  readonly labels?: readonly string[];
  readonly organization?: string;
  /** Vectors `[tokens, hidden]`; random ones if none are given. */
  readonly vectors?: Float32Array;
}

/** A float32 tensor. */
export function tensor(shape: readonly number[], data: Float32Array): Tensor {
  return { type: "F32", shape, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/** Random vectors of about the size of embeddings, the same for the same seed. */
export function randomVectors(count: number, seed = 1): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: count }, () => random.normal() * 0.05);
}

/** Puts a soft prompt into bucket and registry as a finished job does. */
export async function storePrompt(deps: Deps, options: StoredPromptOptions): Promise<PromptRecord> {
  const { id, manifest, tokens, rowFormat = "messages", labels, organization = "acme" } = options;
  const { hiddenSize } = manifest.architecture;
  const vectors = options.vectors ?? randomVectors(tokens * hiddenSize);
  const file = serializeSafetensors(new Map([["prompt_embeddings", tensor([tokens, hiddenSize], vectors)]]), {
    format: "pt",
  });
  await deps.bucket.put(promptKey(organization, id, promptFiles.adapterModel), file);
  const record: PromptRecord = {
    id,
    organization,
    model: tunedModelName(manifest.name, organization, "test", id),
    baseModel: manifest.name,
    jobId: null,
    datasetId: null,
    createdAt: Date.now(),
    prompt: {
      base_digest: manifest.digest,
      method: "prompt_tuning",
      virtual_tokens: tokens,
      row_format: rowFormat,
      labels: labels ? [...labels] : null,
      files: {
        [promptFiles.adapterModel]: {
          bytes: file.length,
          sha256: createHash("sha256").update(file).digest("hex"),
        },
      },
      evaluation: null,
      steps: 1,
      trained_tokens: 1,
      tuning_seconds: 1,
    },
  };
  await deps.database.transaction([insertPrompt(record)]);
  return record;
}
