import type { Handle, Pointer } from "./emscripten.ts";
import {
  allocate,
  allocateString,
  check,
  checkHandle,
  heapWords,
  LOG_ERRORS,
  OnnxRuntimeError,
  withStack,
  wordAt,
  type Runtime,
} from "./runtime.ts";
import { adoptTensor, type HeapTensor } from "./tensor.ts";

/** A model that is ready to run. */
export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /**
   * Runs the model to its end. Inputs come in the order of `inputNames` and stay the caller's; outputs come in the order
   * of `outputNames` and are the caller's to release. Throws OnnxRuntimeError.
   */
  run(inputs: readonly HeapTensor[]): HeapTensor[];
  release(): void;
}

/** The model was optimised when it was imported. */
const NO_OPTIMIZATION = 0;
const SEQUENTIAL = 0;
const WORD_BYTES = 4;

/**
 * Weights are used where they lie inside the model's bytes, and not packed a second time: prepacking costs two and a
 * half times their memory for a tenth of the decoding time.
 */
const sessionConfig = {
  "session.load_model_format": "ORT",
  "session.use_ort_model_bytes_directly": "1",
  "session.use_ort_model_bytes_for_initializers": "1",
  "session.disable_prepacking": "1",
};

/**
 * Makes a session from a model in onnxruntime's own format that lies in the heap at `model` and must stay there until the
 * session is released. Throws OnnxRuntimeError.
 */
export async function createSession(runtime: Runtime, model: Pointer, bytes: number): Promise<Session> {
  const options = createOptions(runtime);
  let session: Handle;
  try {
    session = await runtime.module._OrtCreateSession(model, bytes, options);
    checkHandle(runtime, session, "load the model");
  } finally {
    runtime.module._OrtReleaseSessionOptions(options);
  }
  try {
    return openSession(runtime, session);
  } catch (error) {
    runtime.module._OrtReleaseSession(session);
    throw error;
  }
}

function openSession(runtime: Runtime, session: Handle): Session {
  const { module } = runtime;
  const { inputs, outputs } = countOf(runtime, session);
  const count = inputs + outputs;
  const names = Array.from({ length: count }, (_, i) => nameOf(runtime, session, i));
  const runOptions = checkHandle(
    runtime,
    module._OrtCreateRunOptions(LOG_ERRORS, 0, false, 0),
    "create run options",
  );
  // Names and tensor handles of every input and output, in this order; only the handles change from run to run.
  const table = allocate(runtime, 2 * count * WORD_BYTES);
  heapWords(runtime, table, count).set(names.map(({ pointer }) => pointer));
  const handlesAt = wordAt(table, count);

  return {
    inputNames: names.slice(0, inputs).map(({ name }) => name),
    outputNames: names.slice(inputs).map(({ name }) => name),
    run(tensors) {
      if (tensors.length !== inputs)
        throw new OnnxRuntimeError(`Got ${tensors.length} inputs, the model has ${inputs}`);
      const handles = heapWords(runtime, handlesAt, count).fill(0);
      handles.set(tensors.map(({ handle }) => handle));
      const status = module._OrtRun(
        session,
        table,
        handlesAt,
        inputs,
        wordAt(table, inputs),
        outputs,
        wordAt(handlesAt, inputs),
        runOptions,
      );
      if (typeof status !== "number")
        throw new OnnxRuntimeError("onnxruntime answered late, wanted its synchronous build");
      const made = Array.from(heapWords(runtime, wordAt(handlesAt, inputs), outputs));
      return adoptAll(runtime, made, status);
    },
    release() {
      module._OrtReleaseRunOptions(runOptions);
      module._OrtReleaseSession(session);
      module._free(table);
      for (const { pointer } of names) module._OrtFree(pointer);
    },
  };
}

/** Takes over a run's outputs, or none of them when the run or the taking fails. */
function adoptAll(runtime: Runtime, handles: readonly Handle[], status: number): HeapTensor[] {
  const adopted: HeapTensor[] = [];
  try {
    check(runtime, status, "run the model");
    for (const handle of handles) adopted.push(adoptTensor(runtime, handle));
    return adopted;
  } catch (error) {
    for (const tensor of adopted) tensor.release();
    // The tensor whose adoption failed has released itself.
    const untouched = status === 0 ? handles.slice(adopted.length + 1) : handles;
    for (const handle of untouched) if (handle !== 0) runtime.module._OrtReleaseTensor(handle);
    throw error;
  }
}

function createOptions(runtime: Runtime): Handle {
  const { module } = runtime;
  const options = checkHandle(
    runtime,
    module._OrtCreateSessionOptions(NO_OPTIMIZATION, false, false, SEQUENTIAL, false, 0, 0, LOG_ERRORS, 0, 0),
    "create session options",
  );
  try {
    for (const [key, value] of Object.entries(sessionConfig)) addConfig(runtime, options, key, value);
    return options;
  } catch (error) {
    module._OrtReleaseSessionOptions(options);
    throw error;
  }
}

function addConfig(runtime: Runtime, options: Handle, key: string, value: string): void {
  const keyAt = allocateString(runtime, key);
  try {
    const valueAt = allocateString(runtime, value);
    try {
      check(runtime, runtime.module._OrtAddSessionConfigEntry(options, keyAt, valueAt), `set "${key}"`);
    } finally {
      runtime.module._free(valueAt);
    }
  } finally {
    runtime.module._free(keyAt);
  }
}

function countOf(runtime: Runtime, session: Handle): { inputs: number; outputs: number } {
  return withStack(runtime, 2, (pointer, words) => {
    const status = runtime.module._OrtGetInputOutputCount(session, pointer, wordAt(pointer, 1));
    check(runtime, status, "count inputs and outputs");
    const [inputs = 0, outputs = 0] = words;
    return { inputs, outputs };
  });
}

/** Name of the i-th input or, counted on after them, output. The string stays in the heap for later runs. */
function nameOf(runtime: Runtime, session: Handle, index: number): { name: string; pointer: Pointer } {
  return withStack(runtime, 2, (pointer, words) => {
    const status = runtime.module._OrtGetInputOutputMetadata(session, index, pointer, wordAt(pointer, 1));
    check(runtime, status, "name inputs and outputs");
    const [name = 0, metadata = 0] = words;
    runtime.module._OrtFree(metadata);
    return { name: runtime.module.UTF8ToString(name), pointer: name };
  });
}
