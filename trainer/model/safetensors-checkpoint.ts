import { open, readFile, stat, type FileHandle } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { InvalidDataError } from "../../shared/errors.ts";
import {
  parseSafetensorsHeader,
  readDataStart,
  type TensorLocation,
} from "../../shared/formats/safetensors.ts";
import { toFloat32 } from "../../shared/formats/tensor-floats.ts";
import type { FloatWeight } from "./quantisation.ts";

export const SINGLE_FILE = "model.safetensors";
export const INDEX_FILE = "model.safetensors.index.json";

/** A checkpoint's files do not hold what they should. */
export class CheckpointError extends InvalidDataError {
  constructor(message: string, cause?: unknown) {
    super(message, { code: "invalid_checkpoint", cause });
  }
}

/** A checkpoint's tensors, read one at a time: it may be larger than memory. */
export interface Checkpoint {
  readonly names: ReadonlySet<string>;
  /** Throws CheckpointError for a tensor that is missing, misshapen, not of floats, or not finite. */
  read(name: string, shape: readonly number[]): Promise<FloatWeight>;
  close(): Promise<void>;
}

/** Whether a folder holds a checkpoint in safetensors, in one file or several. */
export const hasCheckpoint = (folder: string): boolean =>
  [SINGLE_FILE, INDEX_FILE].some((file) => existsSync(join(folder, file)));

/** Opens a folder's checkpoint. Throws CheckpointError, SafetensorsError. */
export async function openCheckpoint(folder: string): Promise<Checkpoint> {
  const shards = await openShards(folder);
  const tensors = new Map(
    shards.flatMap(({ handle, tensors: inShard }) =>
      [...inShard].map(([name, location]) => [name, { handle, location }] as const),
    ),
  );
  return {
    names: new Set(tensors.keys()),
    async read(name, shape) {
      const tensor = tensors.get(name);
      if (!tensor) throw new CheckpointError(`Found no tensor "${name}"`);
      return { shape, values: await readFloats(tensor.handle, name, tensor.location, shape) };
    },
    async close() {
      for (const { handle } of shards) await handle.close();
    },
  };
}

interface Shard {
  readonly handle: FileHandle;
  readonly tensors: ReadonlyMap<string, TensorLocation>;
}

// An index must not name files elsewhere.
const fileSchema = z.string().regex(/^[\w.-]+\.safetensors$/);
const indexSchema = z.looseObject({ weight_map: z.record(z.string(), fileSchema) });

/** The file of each tensor, by an index. Throws CheckpointError. */
export function shardsOf(indexJson: string): Readonly<Record<string, string>> {
  try {
    return indexSchema.parse(JSON.parse(indexJson)).weight_map;
  } catch (cause) {
    throw new CheckpointError(`"${INDEX_FILE}" does not say in which files beside it tensors lie`, cause);
  }
}

async function openShards(folder: string): Promise<Shard[]> {
  if (existsSync(join(folder, SINGLE_FILE))) return [await openShard(folder, SINGLE_FILE)];
  const weightMap = shardsOf(await readFile(join(folder, INDEX_FILE), "utf8"));
  const shards: Shard[] = [];
  try {
    for (const file of new Set(Object.values(weightMap))) {
      const shard = await openShard(folder, file);
      shards.push(shard);
      const lost = Object.keys(weightMap).find(
        (name) => weightMap[name] === file && !shard.tensors.has(name),
      );
      if (lost !== undefined)
        throw new CheckpointError(`"${file}" has no tensor "${lost}", the index says it has`);
    }
    return shards;
  } catch (error) {
    for (const { handle } of shards) await handle.close();
    throw error;
  }
}

async function openShard(folder: string, file: string): Promise<Shard> {
  const path = join(folder, file);
  if (!existsSync(path)) throw new CheckpointError(`"${folder}" has no "${file}", the index says it has`);
  const { size } = await stat(path);
  const handle = await open(path);
  try {
    const dataStart = readDataStart(await readBytes(handle, 0, Math.min(8, size)), size);
    return {
      handle,
      tensors: parseSafetensorsHeader(await readBytes(handle, 0, dataStart), size).tensors,
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readFloats(
  handle: FileHandle,
  name: string,
  { type, shape: found, begin, end }: TensorLocation,
  wanted: readonly number[],
): Promise<Float32Array> {
  if (found.join() !== wanted.join())
    throw new CheckpointError(`Tensor "${name}" has shape [${found}], wanted [${wanted}]`);
  const values = toFloat32({ type, bytes: await readBytes(handle, begin, end) });
  if (!values) throw new CheckpointError(`Tensor "${name}" has type ${type}, wanted F32, F16 or BF16`);
  if (!values.every(Number.isFinite))
    throw new CheckpointError(`Tensor "${name}" holds values that are not finite`);
  return values;
}

/** A single read gives at most 2 GiB. */
const MOST_AT_ONCE = 1 << 30;

async function readBytes(handle: FileHandle, begin: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - begin);
  let done = 0;
  while (done < bytes.length) {
    const length = Math.min(MOST_AT_ONCE, bytes.length - done);
    const { bytesRead } = await handle.read(bytes, done, length, begin + done);
    if (bytesRead === 0)
      throw new CheckpointError(`Found ${begin + done} bytes, wanted ${end}: the file ends early`);
    done += bytesRead;
  }
  return bytes;
}
