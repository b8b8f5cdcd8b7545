import { env } from "cloudflare:workers";
import { createD1Database } from "../../functions/adapters/d1.ts";
import { insertPrompt } from "../../functions/records/prompts.ts";
import { promptFiles, promptKey, tunedModelName, type TunedPrompt } from "../../shared/contracts/job.ts";
import { serializeSafetensors } from "../../shared/formats/safetensors.ts";
import { newId } from "../../shared/ids.ts";
import { createRandom } from "../../shared/random.ts";
import { sha256Hex } from "../../shared/sha256.ts";
import type { SeededModel } from "./base-model.ts";

const SPREAD = 0.05;
const TOKENS = 4;

/** A soft prompt of random vectors for labels "yes" and "no", in bucket and registry, as if a job had made it. */
export async function storePrompt(
  { manifest, bucket }: SeededModel,
  organization: string,
  seed: number,
  evaluation: TunedPrompt["evaluation"] = null,
  jobId: string | null = null,
): Promise<string> {
  const id = newId("prompt");
  const { hiddenSize } = manifest.architecture;
  const random = createRandom(seed);
  const vectors = Float32Array.from({ length: TOKENS * hiddenSize }, () => random.normal() * SPREAD);
  const tensor = { type: "F32" as const, shape: [TOKENS, hiddenSize], bytes: new Uint8Array(vectors.buffer) };
  const file = serializeSafetensors(new Map([["prompt_embeddings", tensor]]), { format: "pt" });
  await bucket.put(promptKey(organization, id, promptFiles.adapterModel), file);
  const model = tunedModelName(manifest.name, organization, "test", id);
  const prompt = {
    base_digest: manifest.digest,
    method: "prompt_tuning" as const,
    virtual_tokens: TOKENS,
    row_format: "label" as const,
    labels: [" yes", " no"],
    files: { [promptFiles.adapterModel]: { bytes: file.length, sha256: await sha256Hex(file) } },
    evaluation,
    steps: 1,
    trained_tokens: 1,
    tuning_seconds: 1,
  };
  const record = {
    id,
    organization,
    model,
    baseModel: manifest.name,
    jobId,
    datasetId: null,
    createdAt: Date.now(),
    prompt,
  };
  await createD1Database(env.DB).transaction([insertPrompt(record)]);
  return model;
}
