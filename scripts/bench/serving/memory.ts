import { z } from "zod";
import type { Inspector } from "./inspector.ts";
import { commandOf, descendants, residentBytes } from "./processes.ts";

/** Bytes of one isolate. */
export interface IsolateMemory {
  readonly wasm: number;
  /** JavaScript objects, and the array buffers that they hold. */
  readonly heap: number;
}

export const totalBytes = ({ wasm, heap }: IsolateMemory): number => wasm + heap;

/** Looks at the heap again and again and keeps the highest. */
export interface MemoryWatch {
  /** Ends watching; the highest JS heap seen, garbage included, and the wasm memory by now, which never shrinks. */
  stop(): Promise<IsolateMemory>;
}

const WATCH_INTERVAL_MS = 100;
const usageSchema = z.object({ usedSize: z.number(), backingStorageSize: z.number() });
const evaluatedSchema = z.object({ result: z.object({ objectId: z.string() }) });
const objectsSchema = z.object({ objects: z.object({ objectId: z.string() }) });
const numberSchema = z.object({ result: z.object({ value: z.number() }) });

/** The isolate's memory after a garbage collection, which finding the wasm memories brings about. */
export async function settledMemory(inspector: Inspector): Promise<IsolateMemory> {
  const prototype = await inspector.send("Runtime.evaluate", evaluatedSchema, {
    expression: "WebAssembly.Memory.prototype",
    contextId: inspector.contextId,
  });
  const found = await inspector.send("Runtime.queryObjects", objectsSchema, {
    prototypeObjectId: prototype.result.objectId,
  });
  const sum = await inspector.send("Runtime.callFunctionOn", numberSchema, {
    objectId: found.objects.objectId,
    functionDeclaration:
      "function () { return this.reduce((sum, memory) => sum + memory.buffer.byteLength, 0); }",
    returnByValue: true,
  });
  // What we hold through the debugger would keep the memories alive.
  for (const { objectId } of [prototype.result, found.objects])
    await inspector.send("Runtime.releaseObject", z.unknown(), { objectId });
  return { wasm: sum.result.value, heap: await heapBytes(inspector) };
}

/** Starts watching the JS heap. No collection is asked for, so that its peaks are those of ordinary running. */
export function watchMemory(inspector: Inspector): MemoryWatch {
  let peak = 0;
  const stopping = new AbortController();
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      peak = Math.max(peak, await heapBytes(inspector));
      await new Promise((resolve) => setTimeout(resolve, WATCH_INTERVAL_MS));
    }
  })();
  // Whoever stops it gets the error.
  watching.catch(() => undefined);
  return {
    async stop() {
      stopping.abort();
      await watching;
      const { wasm } = await settledMemory(inspector);
      return { wasm, heap: peak };
    },
  };
}

/** Resident memory of the largest workerd that this process started: every isolate, V8 and the local bindings. */
export function workerdResident(): { now: number; peak: number } {
  const workerds = descendants().filter((pid) => commandOf(pid) === "workerd");
  return workerds
    .map(residentBytes)
    .reduce((most, each) => (each.peak > most.peak ? each : most), { now: 0, peak: 0 });
}

async function heapBytes(inspector: Inspector): Promise<number> {
  const { usedSize, backingStorageSize } = await inspector.send("Runtime.getHeapUsage", usageSchema);
  return usedSize + backingStorageSize;
}
