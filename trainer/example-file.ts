import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { TokenizedExample } from "./model/training-batch.ts";
import { lazily, type LazyList } from "./lazy-list.ts";

/** Numbers gathered before they are written. */
const CHUNK = 1 << 18;
const BYTES = Int32Array.BYTES_PER_ELEMENT;

/** Examples with one completion each, on disk: what is in memory is where each begins. */
export interface ExampleFile extends Disposable {
  add(example: TokenizedExample): void;
  /** Every example without the first `shared` tokens of its context. Nothing may be added any more. */
  read(shared: number): LazyList<TokenizedExample>;
}

/**
 * Makes an empty file in `folder`. It has no name there, so that a process that dies leaves nothing behind. An example is
 * stored as int32: the lengths of context and completion, then the tokens of both, then indices of context targets.
 */
export function createExampleFile(folder: string): ExampleFile {
  const home = mkdtempSync(join(folder, "examples-"));
  const file = openSync(join(home, "tokens"), "w+");
  rmSync(home, { recursive: true });
  const offsets = [0];
  let pending: number[] = [];
  const flush = () => {
    writeSync(file, new Uint8Array(Int32Array.from(pending).buffer));
    pending = [];
  };
  const readAt = (index: number): Int32Array => {
    const [begin, end] = [offsets[index] as number, offsets[index + 1] as number];
    const numbers = new Int32Array(end - begin);
    readSync(file, new Uint8Array(numbers.buffer), 0, numbers.byteLength, begin * BYTES);
    return numbers;
  };
  return {
    add({ context, completions: [completion = []], contextTargets = [] }) {
      pending.push(context.length, completion.length);
      for (const part of [context, completion, contextTargets])
        for (const number of part) pending.push(number);
      const size = 2 + context.length + completion.length + contextTargets.length;
      offsets.push(offsets.at(-1) + size);
      if (pending.length >= CHUNK) flush();
    },
    read(shared) {
      flush();
      return lazily(offsets.length - 1, (index) => {
        const numbers = readAt(index);
        const [contextLength = 0, completionLength = 0] = numbers;
        const [begin, end] = [2 + contextLength, 2 + contextLength + completionLength];
        return {
          context: Array.from(numbers.subarray(2 + shared, begin)),
          completions: [Array.from(numbers.subarray(begin, end))],
          contextTargets: Array.from(numbers.subarray(end), (target) => target - shared),
        };
      });
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}
