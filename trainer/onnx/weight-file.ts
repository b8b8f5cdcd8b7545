import { open, rename } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { InternalError } from "../../shared/errors.ts";
import type { ExternalData, Graph, Value } from "./graph.ts";

/** A page, so that no two tensors share one when the runtime maps them. */
const ALIGNMENT = 4096;

/** One weight of a `WeightFile`. */
export interface StoredWeight {
  readonly shape: readonly number[];
  readonly external: ExternalData;
}

/** Float32 weights in one file beside the model, which the runtime maps into memory instead of copying. */
export class WeightFile {
  /** The folder that relative locations in the model start from. */
  readonly folder: string;
  readonly #weights: ReadonlyMap<string, StoredWeight>;

  constructor(folder: string, weights: ReadonlyMap<string, StoredWeight>) {
    this.folder = folder;
    this.#weights = weights;
  }

  /** The weight as an initializer of `graph`. Throws InternalError when the file does not hold it. */
  in(graph: Graph, name: string): Value {
    const weight = this.#weights.get(name);
    if (!weight)
      throw new InternalError(`Weight "${name}" is not among the ${this.#weights.size} of the weight file`);
    return graph.external(name, "float32", weight.shape, weight.external);
  }
}

/**
 * Writes the float32 weight file `path`, tensor after tensor, so that only one of them is in memory at a time.
 * Throws InternalError when `read` gives a tensor whose size is not that of its shape.
 */
export async function writeWeightFile(
  path: string,
  shapes: ReadonlyMap<string, readonly number[]>,
  read: (name: string) => Float32Array | Promise<Float32Array>,
): Promise<WeightFile> {
  const weights = new Map<string, StoredWeight>();
  // Renamed into place: another process may have the file that is there mapped, and would crash were it cut short.
  const unfinished = `${path}.${process.pid}.part`;
  const handle = await open(unfinished, "w");
  try {
    let offset = 0;
    for (const [name, shape] of shapes) {
      const data = await read(name);
      const wanted = shape.reduce((product, size) => product * size, 1);
      if (data.length !== wanted) {
        throw new InternalError(
          `Weight "${name}" has ${data.length} elements, its shape [${shape}] wants ${wanted}`,
        );
      }
      await handle.write(
        new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
        0,
        data.byteLength,
        offset,
      );
      weights.set(name, { shape, external: { file: basename(path), offset, length: data.byteLength } });
      offset = Math.ceil((offset + data.byteLength) / ALIGNMENT) * ALIGNMENT;
    }
  } finally {
    await handle.close();
  }
  await rename(unfinished, path);
  return new WeightFile(dirname(resolve(path)), weights);
}
