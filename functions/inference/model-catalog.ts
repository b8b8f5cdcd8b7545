import {
  bundleFiles,
  modelKey,
  modelManifestSchema,
  type ModelManifest,
} from "../../shared/contracts/model.ts";
import { ForewordError, InternalError, NotFoundError } from "../../shared/errors.ts";
import type { InferenceEngine } from "../../shared/ports/inference-engine.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import { createTokenizer, type TextTokenizer } from "../../shared/text/tokenizer.ts";
import type { LoadedModel, ModelCatalog } from "../deps.ts";
import { inferenceLimits } from "./limits.ts";
import { createSingleFlight } from "./single-flight.ts";
import { CorruptObjectError, fromStore, readVerified } from "./verified-object.ts";

/** Makes an engine of a base model's files. */
export type EngineFactory = (manifest: ModelManifest, store: ObjectStore) => Promise<InferenceEngine>;

export interface CatalogOptions {
  readonly store: ObjectStore;
  readonly createEngine: EngineFactory;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const MODELS_PREFIX = "models/";
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
/** Reading some 30 MB of weights takes seconds at worst. */
const LOAD_PATIENCE_MS = 30_000;

/**
 * The base models of the bucket. Manifests are believed for half a minute; tokenizers and weights are loaded once per
 * version (concurrent first uses share the load) and kept. A load that failed is tried again at the next call.
 */
export function createModelCatalog({ store, createEngine, now }: CatalogOptions): ModelCatalog {
  const manifests = new Map<string, { manifest: ModelManifest; readAt: number }>();
  const tokenizers = new Map<string, TextTokenizer>();
  const models = new Map<string, LoadedModel>();
  const tokenizerFlights = createSingleFlight<TextTokenizer>(LOAD_PATIENCE_MS, now);
  const modelFlights = createSingleFlight<LoadedModel>(LOAD_PATIENCE_MS, now);

  const manifestOf = async (name: string): Promise<ModelManifest> => {
    const known = manifests.get(name);
    if (known && now() - known.readAt < inferenceLimits.manifestMilliseconds) return known.manifest;
    const manifest = await readManifest(store, name);
    manifests.set(name, { manifest, readAt: now() });
    return manifest;
  };
  const tokenizerOf = async (manifest: ModelManifest): Promise<TextTokenizer> => {
    const version = versionOf(manifest);
    const known = tokenizers.get(version);
    if (known) return known;
    const tokenizer = await tokenizerFlights.run(version, () => readTokenizer(store, manifest));
    tokenizers.set(version, tokenizer);
    return tokenizer;
  };

  return {
    manifest: manifestOf,
    async list() {
      const names: string[] = [];
      await fromStore(async () => {
        for await (const { key } of store.list(MODELS_PREFIX)) {
          const [, name = "", file, ...rest] = key.split("/");
          if (file === bundleFiles.manifest && rest.length === 0 && NAME.test(name)) names.push(name);
        }
      });
      return Promise.all(names.map(manifestOf));
    },
    tokenizer: async (name) => tokenizerOf(await manifestOf(name)),
    async load(name) {
      const manifest = await manifestOf(name);
      const version = versionOf(manifest);
      const known = models.get(version);
      if (known) return known;
      return modelFlights.run(version, async () => {
        const tokenizer = await tokenizerOf(manifest);
        const engine = await makeEngine(createEngine, manifest, store);
        const ready = models.get(version);
        if (ready) {
          // A request that gave up waiting for this load was faster, and prefixes already live in its engine.
          engine.close();
          return ready;
        }
        const loaded = { manifest, tokenizer, engine };
        // An older version's memory goes with the last request that uses it.
        for (const [other, { manifest: older }] of models) if (older.name === name) models.delete(other);
        models.set(version, loaded);
        return loaded;
      });
    },
  };
}

/** A bundle written anew under the same name is another model. */
const versionOf = (manifest: ModelManifest) => `${manifest.name}@${manifest.digest}@${manifest.createdAt}`;

async function readManifest(store: ObjectStore, name: string): Promise<ModelManifest> {
  // Names go into bucket keys: nothing that could leave the models' folder gets that far.
  const object = NAME.test(name)
    ? await fromStore(() => store.get(modelKey(name, bundleFiles.manifest)))
    : null;
  if (!object) throw modelNotFound(name);
  const bytes = await fromStore(() => object.bytesBody());
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new CorruptObjectError(`The manifest of "${name}" is not JSON`);
  }
  const manifest = modelManifestSchema.safeParse(json);
  if (!manifest.success) {
    const issue = manifest.error.issues[0];
    throw new CorruptObjectError(
      `The manifest of "${name}" is not what it should be: "${issue?.path.join(".")}": ${issue?.message}`,
    );
  }
  if (manifest.data.name !== name) {
    throw new CorruptObjectError(`The manifest of "${name}" is that of "${manifest.data.name}"`);
  }
  return manifest.data;
}

async function makeEngine(
  create: EngineFactory,
  manifest: ModelManifest,
  store: ObjectStore,
): Promise<InferenceEngine> {
  try {
    return await create(manifest, store);
  } catch (cause) {
    if (cause instanceof ForewordError) throw cause;
    throw new InternalError(`The base model "${manifest.name}" could not be loaded`, {
      code: "model_load_failed",
      cause,
    });
  }
}

async function readTokenizer(store: ObjectStore, manifest: ModelManifest): Promise<TextTokenizer> {
  const read = async (file: string) => {
    const record = manifest.files[file];
    if (!record) throw new CorruptObjectError(`The manifest of "${manifest.name}" does not list "${file}"`);
    return new TextDecoder().decode(await readVerified(store, modelKey(manifest.name, file), record));
  };
  const [tokenizer, config] = await Promise.all([
    read(bundleFiles.tokenizer),
    read(bundleFiles.tokenizerConfig),
  ]);
  return createTokenizer(tokenizer, config, manifest.specialTokens);
}

/** What OpenAI's API says about a model that is not there. */
export function modelNotFound(name: string): NotFoundError {
  return new NotFoundError(`The model \`${name}\` does not exist or you do not have access to it.`, {
    code: "model_not_found",
    param: "model",
  });
}
