import { env } from "cloudflare:workers";
import { createR2Store } from "../../functions/adapters/r2.ts";
import {
  bundleFiles,
  modelKey,
  modelManifestSchema,
  type ModelManifest,
} from "../../shared/contracts/model.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";

/** Bindings that only tests have; vitest.config.ts declares them. */
type TestEnv = Env & { readonly MODEL_FILES: Fetcher };

const NAME = "minimind2-small";
const { BUCKET, MODEL_FILES } = env as TestEnv;

export interface SeededModel {
  readonly bucket: ObjectStore;
  readonly manifest: ModelManifest;
}

/** Puts the default base model's bundle into the local bucket, as `npm start` would. Call it in `beforeAll`. */
export async function seedBaseModel(): Promise<SeededModel> {
  const manifest = modelManifestSchema.parse(await (await readFile(bundleFiles.manifest)).json());
  for (const file of [...Object.keys(manifest.files), bundleFiles.manifest]) {
    const { body, headers } = await readFile(file);
    if (!body) throw new Error(`"${file}" has no bytes`);
    // R2 wants to know a stream's length beforehand.
    const { readable, writable } = new FixedLengthStream(Number(headers.get("content-length")));
    await Promise.all([BUCKET.put(modelKey(NAME, file), readable), body.pipeTo(writable)]);
  }
  return { bucket: createR2Store(BUCKET), manifest };
}

async function readFile(file: string): Promise<Response> {
  const response = await MODEL_FILES.fetch(`http://files/${NAME}/${file}`);
  if (!response.ok) throw new Error(`The test's model folder has no "${NAME}/${file}" (${response.status})`);
  return response;
}
