import { setImmediate } from "node:timers/promises";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { InternalError } from "../../shared/errors.ts";
import type { Graph, Value } from "./graph.ts";
import { halveProducts } from "./half-products.ts";
import { lower } from "./lowering.ts";
import { serializeGraph } from "./serialize.ts";
import { elementCount, staticShape } from "./shapes.ts";

export type Precision = "float32" | "float16";

export interface SessionOptions {
  /** The folder that external weights are found in; needed when the graph refers to any. */
  readonly folder?: string;
  /** Tried in this order; nodes that a provider lacks fall to the next, at last to the CPU. */
  readonly providers?: readonly ("cpu" | "webgpu" | "cuda")[];
  /** Of matrix products; float32 by default. */
  readonly precision?: Precision;
  /** Threads within an operator; the runtime's choice (all cores) by default. */
  readonly threads?: number;
  /**
   * Keeps a packed copy of every weight for each product it takes part in. Worth it for many runs of a small model;
   * off for a graph that runs seldom or whose weights fill the memory.
   */
  readonly prepack?: boolean;
  /** Keeps freed tensors for the next run instead of returning them to the system. */
  readonly arena?: boolean;
}

export type TensorData = Float32Array | Int32Array | BigInt64Array;
/** Data by input or output name, row-major. */
export type Tensors = Readonly<Record<string, TensorData>>;

/** Feeds do not fit the graph's inputs. */
export class FeedError extends InternalError {}

/** A graph ready to run. */
export interface GraphSession {
  /**
   * Computes the outputs called `fetch`, all of them by default. The feeds are only read during the call; the results
   * belong to the caller. Throws FeedError when feeds are missing or have another type or size than the graph declares.
   */
  run(feeds: Tensors, fetch?: readonly string[]): Promise<Tensors>;
  /** Frees the session's memory. */
  close(): Promise<void>;
}

/** Loads `graph` into onnxruntime, lowered for the first provider. Every input's shape must be fully known. */
export async function createSession(graph: Graph, options: SessionOptions = {}): Promise<GraphSession> {
  const { folder, providers = ["cpu"], precision, threads, prepack = true, arena = true } = options;
  lower(graph, providers[0] ?? "cpu");
  if (precision === "float16") halveProducts(graph);
  const session = await InferenceSession.create(serializeGraph(graph), {
    executionProviders: [...providers],
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    interOpNumThreads: 1,
    enableCpuMemArena: arena,
    // The one block that the runtime would plan for all tensors comes on top of those that the first run has left in the arena.
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: {
      session: {
        disable_prepacking: prepack ? "0" : "1",
        // Threads that wait must not take the cores from whoever shares them, as containers' neighbours do.
        "intra_op.allow_spinning": "0",
        ...(folder === undefined ? {} : { model_external_initializers_file_folder_path: folder }),
      },
    },
  });
  const inputs = graph.inputs.map((input) => ({ input, size: elementCount(input.shape) }));
  const names = graph.outputs.map((output) => output.name);
  return {
    async run(feeds, fetch = names) {
      const tensors = inputs.map(({ input, size }) => [input.name, toTensor(input, size, feeds[input.name])]);
      const results = await session.run(Object.fromEntries(tensors) as Record<string, Tensor>, fetch);
      // The run itself holds this thread: without a turn of the event loop, no timer would fire between runs.
      await setImmediate();
      return Object.fromEntries(
        Object.entries(results).map(([name, { data }]) => [name, data as TensorData]),
      );
    },
    close: () => session.release(),
  };
}

function toTensor(input: Value, size: number, data: TensorData | undefined): Tensor {
  const found = data === undefined ? "nothing" : `${typeName(data)} of ${data.length}`;
  if (data === undefined || typeName(data) !== input.type || data.length !== size) {
    throw new FeedError(
      `Input "${input.name}" wants ${input.type} of ${size} [${input.shape}], found ${found}`,
    );
  }
  return new Tensor(input.type as "float32", data as Float32Array, staticShape(input.shape));
}

function typeName(data: TensorData): "float32" | "int32" | "int64" {
  if (data instanceof Float32Array) return "float32";
  return data instanceof Int32Array ? "int32" : "int64";
}
