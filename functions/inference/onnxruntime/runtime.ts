import { asBrowser, dropGuise } from "./browser-guise.ts";
import wasmModule from "onnxruntime-web/ort-wasm-simd-threaded.wasm";
import createModule from "onnxruntime-web/ort-wasm-simd-threaded.mjs";
import { InternalError, UnavailableError } from "../../../shared/errors.ts";
import type { CreateModule, ModuleOptions, OrtModule, Pointer } from "./emscripten.ts";

// The glue has been imported and has looked around.
dropGuise();

/** onnxruntime refused a call; the message is its own. */
export class OnnxRuntimeError extends InternalError {}

/** The wasm heap cannot grow any further. */
export class OutOfMemoryError extends UnavailableError {
  constructor(bytes: number) {
    super(`No room for ${bytes} bytes in the inference engine's memory`, { code: "out_of_memory" });
  }
}

/** One instance of onnxruntime with a heap of its own, which goes when nothing refers to the instance any more. */
export interface Runtime {
  readonly module: OrtModule;
  readonly memory: WebAssembly.Memory;
}

/** onnxruntime's severity "error": its warnings are about graph rewriting, which happened when the model was imported. */
export const LOG_ERRORS = 3;
const PAGE_BYTES = 65_536;
const POINTER_BYTES = 4;

/**
 * Starts onnxruntime from the module that was compiled when the Worker was deployed: workerd compiles no wasm at run
 * time. Throws OnnxRuntimeError.
 */
export async function startRuntime(): Promise<Runtime> {
  let memory: WebAssembly.Memory | undefined;
  const options: ModuleOptions = {
    numThreads: 1,
    instantiateWasm(imports, done) {
      memory = findMemory(imports);
      const instance = new WebAssembly.Instance(wasmModule, imports);
      done(instance, wasmModule);
      return instance.exports;
    },
  };
  const module = await asBrowser(() => (createModule as CreateModule)(options));
  if (!memory) throw new OnnxRuntimeError("onnxruntime-web imports no memory, wanted one");
  const runtime = { module, memory };
  check(runtime, module._OrtInit(1, LOG_ERRORS), "start");
  return runtime;
}

/** Throws OnnxRuntimeError with onnxruntime's last message when `status` is not 0. */
export function check(runtime: Runtime, status: number, action: string): void {
  if (status !== 0) throw lastError(runtime, action);
}

/** Returns `handle`, or throws OnnxRuntimeError with onnxruntime's last message when it is 0. */
export function checkHandle(runtime: Runtime, handle: number, action: string): number {
  if (handle === 0) throw lastError(runtime, action);
  return handle;
}

/** Takes memory from the heap. Throws OutOfMemoryError. */
export function allocate({ module }: Runtime, bytes: number): Pointer {
  // malloc(0) may answer 0, which would look like a full heap.
  const pointer = module._malloc(Math.max(bytes, 1));
  if (pointer === 0) throw new OutOfMemoryError(bytes);
  return pointer;
}

/** Grows the memory by `bytes` at once: the allocator itself adds a fifth of what is there each time. */
export function reserve({ memory }: Runtime, bytes: number): void {
  memory.grow(Math.ceil(bytes / PAGE_BYTES));
}

/** Puts a zero-terminated string into the heap; the caller frees it. */
export function allocateString(runtime: Runtime, text: string): Pointer {
  const bytes = new TextEncoder().encode(`${text}\0`);
  const pointer = allocate(runtime, bytes.length);
  heapBytes(runtime, pointer, bytes.length).set(bytes);
  return pointer;
}

/** A view on heap bytes. It stays right until the memory is freed, also when the heap grows (the memory is shared). */
export function heapBytes({ memory }: Runtime, pointer: Pointer, bytes: number): Uint8Array {
  return new Uint8Array(memory.buffer, pointer, bytes);
}

/** A view on 32-bit words of the heap. */
export function heapWords({ memory }: Runtime, pointer: Pointer, count: number): Uint32Array {
  return new Uint32Array(memory.buffer, pointer, count);
}

/** Calls `use` with space for `count` words on the wasm stack, which is given back however `use` ends. */
export function withStack<T>(
  runtime: Runtime,
  count: number,
  use: (pointer: Pointer, words: Uint32Array) => T,
): T {
  const { module } = runtime;
  const stack = module.stackSave();
  try {
    const pointer = module.stackAlloc(count * POINTER_BYTES);
    return use(pointer, heapWords(runtime, pointer, count));
  } finally {
    module.stackRestore(stack);
  }
}

/** The address of the i-th word after `pointer`. */
export const wordAt = (pointer: Pointer, i: number): Pointer => pointer + i * POINTER_BYTES;

function lastError(runtime: Runtime, action: string): OnnxRuntimeError {
  return withStack(runtime, 2, (pointer, words) => {
    runtime.module._OrtGetLastError(pointer, wordAt(pointer, 1));
    const [code = 0, message = 0] = words;
    const text = message === 0 ? "no message" : runtime.module.UTF8ToString(message);
    return new OnnxRuntimeError(`onnxruntime failed to ${action} (${code}): ${text}`);
  });
}

function findMemory(imports: WebAssembly.Imports): WebAssembly.Memory | undefined {
  for (const namespace of Object.values(imports)) {
    for (const item of Object.values(namespace)) if (item instanceof WebAssembly.Memory) return item;
  }
  return undefined;
}
