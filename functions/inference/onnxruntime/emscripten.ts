/** An address in the wasm heap; 0 is none. */
export type Pointer = number;
/** An object that onnxruntime owns (session, tensor, options), known by its address. */
export type Handle = number;

/** The part of onnxruntime-web's Emscripten module that we use: onnxruntime's C API, and the heap. */
export interface OrtModule {
  _OrtInit(threads: number, logLevel: number): number;
  _OrtGetLastError(code: Pointer, message: Pointer): number;
  _OrtFree(pointer: Pointer): number;

  _OrtCreateSessionOptions(
    optimizationLevel: number,
    cpuMemoryArena: boolean,
    memoryPattern: boolean,
    executionMode: number,
    profiling: boolean,
    profilePrefix: Pointer,
    logId: Pointer,
    logSeverity: number,
    logVerbosity: number,
    optimizedModelPath: Pointer,
  ): Handle;
  _OrtAddSessionConfigEntry(options: Handle, key: Pointer, value: Pointer): number;
  _OrtReleaseSessionOptions(options: Handle): number;

  _OrtCreateSession(data: Pointer, bytes: number, options: Handle): Promise<Handle> | Handle;
  _OrtReleaseSession(session: Handle): number;
  _OrtGetInputOutputCount(session: Handle, inputs: Pointer, outputs: Pointer): number;
  _OrtGetInputOutputMetadata(session: Handle, index: number, name: Pointer, metadata: Pointer): number;

  _OrtCreateTensor(
    type: number,
    data: Pointer,
    bytes: number,
    dims: Pointer,
    rank: number,
    location: number,
  ): Handle;
  _OrtGetTensorData(tensor: Handle, type: Pointer, data: Pointer, dims: Pointer, rank: Pointer): number;
  _OrtReleaseTensor(tensor: Handle): number;

  _OrtCreateRunOptions(logSeverity: number, logVerbosity: number, terminate: boolean, tag: Pointer): Handle;
  _OrtReleaseRunOptions(options: Handle): number;
  /** Runs to its end before it returns; only the builds for WebGPU return a promise. */
  _OrtRun(
    session: Handle,
    inputNames: Pointer,
    inputs: Pointer,
    inputCount: number,
    outputNames: Pointer,
    outputCount: number,
    outputs: Pointer,
    options: Handle,
  ): Promise<number> | number;

  _malloc(bytes: number): Pointer;
  _free(pointer: Pointer): void;
  stackSave(): Pointer;
  stackAlloc(bytes: number): Pointer;
  stackRestore(stack: Pointer): void;
  UTF8ToString(pointer: Pointer): string;
}

/** Starts the module; the default export of onnxruntime-web's glue. */
export type CreateModule = (options: ModuleOptions) => Promise<OrtModule>;

export interface ModuleOptions {
  readonly numThreads: number;
  /** Takes over instantiation: must call `done` and return the exports. */
  instantiateWasm(
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ): WebAssembly.Exports;
}
