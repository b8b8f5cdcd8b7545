import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  bundleFiles,
  modelKey,
  modelManifestSchema,
  type ModelManifest,
} from "../../shared/contracts/model.ts";
import { InvalidDataError } from "../../shared/errors.ts";
import { packedFileName } from "../../shared/formats/packed-weights.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import { serializeGraph } from "../onnx/serialize.ts";
import { buildDecodeGraph } from "./decode-graph.ts";
import type { ModelSource } from "./model-source.ts";
import { convertToOrtFormat } from "./ort-format.ts";
import { packedFormat, packWeights } from "./packed-weights.ts";
import { serializeWeights } from "./weights.ts";

/** A bundle's folder does not hold what its manifest says. */
export class BundleError extends InvalidDataError {
  constructor(message: string, cause?: unknown) {
    super(message, { code: "invalid_bundle", cause });
  }
}

/**
 * Writes a base model's bundle (manifest, weights, decode graph, tokenizer) into `folder`, which appears when it is
 * complete and replaces what was there. Throws WeightsError, OrtFormatError.
 */
export async function writeBundle(source: ModelSource, folder: string): Promise<ModelManifest> {
  const { architecture, weights } = source;
  const format = packedFormat(weights, architecture);
  if (format !== "int4") requireRoom(source);
  await mkdir(dirname(folder), { recursive: true });
  const partial = `${folder}.partial-${process.pid}`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial);
  const files: ModelManifest["files"] = {};
  // One file at a time: each is about as large as the model.
  const write = async (name: string, content: Uint8Array | string) => {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await writeFile(join(partial, name), bytes);
    files[name] = { bytes: bytes.length, sha256: sha256(bytes) };
    return files[name].sha256;
  };
  const digest = await write(bundleFiles.weights, serializeWeights(weights, architecture));
  if (format !== "int4") await write(bundleFiles.decodeGraph, await decodeGraph(source));
  if (format) await write(packedFileName(format), packWeights(weights, architecture, format));
  await write(bundleFiles.tokenizer, source.tokenizer);
  await write(bundleFiles.tokenizerConfig, source.tokenizerConfig);
  const manifest = modelManifestSchema.parse({
    name: source.name,
    architecture,
    specialTokens: source.specialTokens,
    digest,
    files,
    source: source.source,
    license: source.license,
    createdAt: Date.now(),
  });
  await writeFile(join(partial, bundleFiles.manifest), `${JSON.stringify(manifest, null, 2)}\n`);
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
  return manifest;
}

/** The graph for onnxruntime. It has no operator for 4 bits that is fast in wasm: there the kernel is the only engine. */
async function decodeGraph({ architecture, weights }: ModelSource): Promise<Uint8Array> {
  return convertToOrtFormat(serializeGraph(buildDecodeGraph(architecture, weights)));
}

/** ONNX is a protocol buffer, which holds no more; some room is left for what is not weights. */
const MOST_WEIGHT_BYTES = 2 ** 31 - 2 ** 24;

function requireRoom({ name, weights }: ModelSource): void {
  let bytes = 0;
  for (const { values } of weights.values()) bytes += values.byteLength;
  if (bytes > MOST_WEIGHT_BYTES)
    throw new BundleError(
      `Weights of "${name}" take ${bytes} bytes, a decode graph holds at most ${MOST_WEIGHT_BYTES}`,
    );
}

/** Reads a bundle's manifest; `undefined` when there is no bundle in the folder. Throws BundleError. */
export async function readBundle(folder: string): Promise<ModelManifest | undefined> {
  let json: string;
  try {
    json = await readFile(join(folder, bundleFiles.manifest), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  return parseManifest(json, folder);
}

/**
 * Puts a bundle into the bucket under `models/<name>/`. A file that the bucket's own manifest lists with the same digest,
 * and that is there in full, is left alone; the manifest goes last, so that it never names what is not there. Returns the
 * files that were sent. Throws BundleError.
 */
export async function uploadBundle(store: ObjectStore, folder: string): Promise<string[]> {
  const manifest = await readBundle(folder);
  if (!manifest) throw new BundleError(`"${folder}" has no "${bundleFiles.manifest}"`);
  const key = (file: string) => modelKey(manifest.name, file);
  const there = await storedManifest(store, manifest.name);
  const sent: string[] = [];
  for (const [name, { bytes, sha256: digest }] of Object.entries(manifest.files)) {
    const known = there?.files[name]?.sha256 === digest;
    if (known && (await store.head(key(name)))?.bytes === bytes) continue;
    const body = await readFile(join(folder, name));
    if (sha256(body) !== digest)
      throw new BundleError(`"${name}" in "${folder}" is not what its manifest says`);
    await store.put(key(name), body);
    sent.push(name);
  }
  const complete = sent.length === 0 && there?.digest === manifest.digest;
  if (!complete) {
    await store.put(key(bundleFiles.manifest), JSON.stringify(manifest), { contentType: "application/json" });
    sent.push(bundleFiles.manifest);
  }
  return sent;
}

/** The manifest in the bucket, as far as it is one: an unreadable one is replaced. */
async function storedManifest(store: ObjectStore, name: string): Promise<ModelManifest | undefined> {
  const object = await store.get(modelKey(name, bundleFiles.manifest));
  if (!object) return undefined;
  const text = new TextDecoder().decode(await object.bytesBody());
  try {
    return parseManifest(text, "the bucket");
  } catch (error) {
    if (error instanceof BundleError) return undefined;
    throw error;
  }
}

function parseManifest(json: string, where: string): ModelManifest {
  try {
    return modelManifestSchema.parse(JSON.parse(json));
  } catch (cause) {
    throw new BundleError(`"${bundleFiles.manifest}" in "${where}" is no model manifest`, cause);
  }
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
