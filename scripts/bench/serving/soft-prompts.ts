import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { serializeSafetensors } from "../../../shared/formats/safetensors.ts";
import { createRandom } from "../../../shared/random.ts";
import type { Output } from "../../dev/output.ts";
import { InternalError } from "../../../shared/errors.ts";
import { root } from "../../dev/paths.ts";
import type { LocalWorker } from "./local-worker.ts";

const HIDDEN = 512;
/** About the standard deviation of MiniMind2-Small's embeddings: vectors of the size that tuning starts from. */
const DEVIATION = 0.02;
/** Uploads under way at once. */
const UPLOADERS = 4;
const createdSchema = z.object({ model: z.string() });

/**
 * Uploads `count` PEFT adapters of random vectors, all different, through the API. Returns the tuned models' names.
 * Throws InternalError when one is refused.
 */
export async function registerPrompts(
  worker: LocalWorker,
  count: number,
  virtualTokens: number,
  output: Output,
): Promise<string[]> {
  const template = await readFile(join(root, "tests/fixtures/spam-prompt/adapter_config.json"), "utf8");
  const config = JSON.stringify({ ...JSON.parse(template), num_virtual_tokens: virtualTokens });
  const models: string[] = [];
  let next = 0;
  const uploader = async () => {
    while (next < count) {
      const index = next++;
      models[index] = await upload(worker, config, virtualTokens, index);
      output.progress(`Registering soft prompts of ${virtualTokens} virtual tokens: ${index + 1}/${count}`);
    }
  };
  await Promise.all(Array.from({ length: UPLOADERS }, uploader));
  return models;
}

async function upload(
  { url, apiKey }: LocalWorker,
  config: string,
  virtualTokens: number,
  index: number,
): Promise<string> {
  const form = new FormData();
  form.set("base_model", "minimind2-small");
  form.set("suffix", `bench-${virtualTokens}-${index}`);
  form.set("adapter_config", new File([config], "adapter_config.json"));
  form.set("adapter_model", new File([adapter(virtualTokens, index)], "adapter_model.safetensors"));
  const response = await fetch(new URL("/v1/prompts", url), {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}` },
    body: form,
  });
  if (!response.ok)
    throw new InternalError(
      `Soft prompt ${index} was refused (${response.status}): ${await response.text()}`,
    );
  return createdSchema.parse(await response.json()).model;
}

/** `adapter_model.safetensors` with normally distributed vectors. */
function adapter(virtualTokens: number, seed: number): Uint8Array<ArrayBuffer> {
  const random = createRandom(seed * 1000 + virtualTokens);
  const values = Float32Array.from({ length: virtualTokens * HIDDEN }, () => DEVIATION * random.normal());
  const bytes = new Uint8Array(values.buffer);
  const tensor = { type: "F32" as const, shape: [virtualTokens, HIDDEN], bytes };
  return new Uint8Array(serializeSafetensors(new Map([["prompt_embeddings", tensor]]), { format: "pt" }));
}
