import { elementBytes, elementNumber, type TensorType } from "./element-type.ts";
import type { Handle, Pointer } from "./emscripten.ts";
import {
  allocate,
  check,
  checkHandle,
  heapBytes,
  heapWords,
  withStack,
  wordAt,
  type Runtime,
} from "./runtime.ts";

/** onnxruntime-web's number for tensors in the wasm heap. */
const LOCATION_CPU = 1;

/** A tensor in the wasm heap. */
export interface HeapTensor {
  readonly handle: Handle;
  readonly dims: readonly number[];
  readonly bytes: number;
  /** Address of the elements. */
  readonly data: Pointer;
  /** Frees the tensor and its elements; a second call does nothing. */
  release(): void;
}

/** Makes a tensor from little-endian bytes, which are copied into the heap. Throws OnnxRuntimeError, OutOfMemoryError. */
export function createTensor(
  runtime: Runtime,
  type: TensorType,
  dims: readonly number[],
  source: ArrayBufferView,
): HeapTensor {
  const bytes = source.byteLength;
  const data = allocate(runtime, bytes);
  let handle: Handle;
  try {
    heapBytes(runtime, data, bytes).set(new Uint8Array(source.buffer, source.byteOffset, bytes));
    handle = withStack(runtime, dims.length, (pointer, words) => {
      words.set(dims);
      const { module } = runtime;
      return module._OrtCreateTensor(elementNumber[type], data, bytes, pointer, dims.length, LOCATION_CPU);
    });
    checkHandle(runtime, handle, "create a tensor");
  } catch (error) {
    runtime.module._free(data);
    throw error;
  }
  return { handle, dims, bytes, data, release: releaseOnce(runtime, handle, data) };
}

/** Wraps a float32 tensor that onnxruntime made as an output. Throws OnnxRuntimeError, having released it. */
export function adoptTensor(runtime: Runtime, handle: Handle): HeapTensor {
  const release = releaseOnce(runtime, handle);
  try {
    const { data, dims } = describe(runtime, handle);
    const bytes = dims.reduce((product, dim) => product * dim, elementBytes.float32);
    return { handle, dims, bytes, data, release };
  } catch (error) {
    release();
    throw error;
  }
}

function describe(runtime: Runtime, handle: Handle): { data: Pointer; dims: number[] } {
  const { module } = runtime;
  return withStack(runtime, 4, (pointer, words) => {
    const status = module._OrtGetTensorData(
      handle,
      pointer,
      wordAt(pointer, 1),
      wordAt(pointer, 2),
      wordAt(pointer, 3),
    );
    check(runtime, status, "read a tensor");
    const [, data = 0, dimsAt = 0, rank = 0] = words;
    const dims = Array.from(heapWords(runtime, dimsAt, rank));
    module._OrtFree(dimsAt);
    return { data, dims };
  });
}

function releaseOnce({ module }: Runtime, handle: Handle, ownData?: Pointer): () => void {
  let released = false;
  return () => {
    if (released) return;
    released = true;
    module._OrtReleaseTensor(handle);
    if (ownData !== undefined) module._free(ownData);
  };
}
