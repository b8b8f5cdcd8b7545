import { loadEngine } from "../../../functions/inference/engine.ts";
import { argmax } from "../../../functions/inference/sampling.ts";
import { createStepBatches } from "../../../functions/inference/step-batches.ts";
import { createTurnLock } from "../../../functions/inference/turn-lock.ts";
import { createArena } from "../../../functions/kernel/arena.ts";
import { loadKernelEngine } from "../../../functions/kernel/engine.ts";
import { instantiateKernel } from "../../../functions/kernel/kernel.ts";
import { kernelModule } from "../../../functions/kernel/kernel-module.ts";
import { bundleFiles, modelManifestSchema } from "../../../shared/contracts/model.ts";
import type { InferenceEngine } from "../../../shared/ports/inference-engine.ts";
import type { ObjectStore } from "../../../shared/ports/object-store.ts";

/** A Worker that only computes: one engine per process, timed from outside, since workerd's clocks stand still. */
interface BenchEnv {
  /** The bundle's folder. */
  readonly MODEL: Fetcher;
  readonly ENGINE: "kernel" | "onnxruntime";
}

/** A bucket that reads the bundle's folder, whatever the model's name. */
function folderStore(folder: Fetcher): ObjectStore {
  const unused = () => Promise.reject(new Error("Not part of the benchmark"));
  return {
    async get(key) {
      const response = await folder.fetch(`http://model/${key.split("/").at(-1)}`);
      const body: ReadableStream<Uint8Array> | null = response.body;
      if (!response.ok || !body) return null;
      const bytes = Number(response.headers.get("content-length"));
      return { key, bytes, etag: "", body, bytesBody: () => response.bytes() };
    },
    head: unused,
    put: unused,
    delete: unused,
    list: unused as never,
  };
}

let engine: InferenceEngine | undefined;

async function load({ MODEL, ENGINE }: BenchEnv): Promise<InferenceEngine> {
  const store = folderStore(MODEL);
  const object = await store.get(bundleFiles.manifest);
  const manifest = modelManifestSchema.parse(JSON.parse(new TextDecoder().decode(await object?.bytesBody())));
  return ENGINE === "kernel" ? loadKernelEngine(kernelModule, store, manifest) : loadEngine(store, manifest);
}

/** Callers wait for one another as requests do. */
const batches = createStepBatches(createTurnLock(Date.now));

/** Reads the input, then decodes greedily, for so many callers at once. */
async function run(
  loaded: InferenceEngine,
  ids: number[],
  answerTokens: number,
  callers: number,
): Promise<void> {
  const caller = async () => {
    const sequence = loaded.start();
    let id = argmax(await sequence.append(ids));
    for (let i = 0; i < answerTokens; i++) {
      ({ result: id } = await batches.append(loaded, { sequence, id }, argmax));
    }
    sequence.close();
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

let stream: (() => void) | undefined;

/** The kernel's product of one row with as many weights as a model of the default's size has, and nothing else. */
function streamWeights(passes: number): void {
  const [inputs, outputs] = [512, 51_200];
  stream ??= (() => {
    const arena = createArena(64 << 20);
    const kernel = instantiateKernel(kernelModule, arena.memory);
    const take = (bytes: number) => arena.take(bytes);
    const [levels, scale, weights, scales, y] = [
      take(1024),
      take(4),
      take(inputs * outputs),
      take(4 * outputs),
      take(4 * outputs),
    ];
    // Pages that nobody wrote to are all the same one, which the processor's cache holds.
    arena.bytes(weights, inputs * outputs).fill(1);
    return () => kernel.matrix8(levels, scale, 1, inputs, weights, scales, 0, outputs, y, 0, false);
  })();
  for (let i = 0; i < passes; i++) stream();
}

export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const number = (name: string) => Number(searchParams.get(name));
    if (pathname === "/ready") return new Response();
    engine ??= await load(env);
    if (pathname === "/run") {
      const ids = (searchParams.get("ids") ?? "").split(",").map(Number);
      await run(engine, ids, number("answerTokens"), number("callers"));
    } else if (pathname === "/stream") streamWeights(number("passes"));
    return Response.json({ wasmBytes: engine.memoryBytes() });
  },
} satisfies ExportedHandler<BenchEnv>;
