import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { BenchProcess } from "./workerd.ts";

/** Tokens per second of CPU time. */
export interface Rate {
  readonly prefill: number;
  readonly decode: number;
}

/** Tokens of input, and tokens decoded after the first. */
const INPUT_TOKENS = 64;
const ANSWER_TOKENS = 64;

/** Ids that no model has seen together; the first begins a sequence of the default model. */
export const inputIds = [
  1,
  ...Array.from({ length: INPUT_TOKENS - 1 }, (_, i) => ((i * 97 + 300) % 6000) + 100),
];

/** Something that reads the input and decodes `answerTokens` more, once for each caller, in a process of its own. */
export interface Runner {
  readonly pid: number;
  run(answerTokens: number, callers: number): Promise<void>;
}

/** The engine in workerd; `stream` runs the weights alone, see the Worker. */
export function workerdRunner({
  pid,
  call,
}: BenchProcess): Runner & { stream(passes: number): Promise<unknown> } {
  return {
    pid,
    stream: (passes) => call(`/stream?passes=${passes}`),
    async run(answerTokens, callers) {
      await call(`/run?ids=${inputIds.join()}&answerTokens=${answerTokens}&callers=${callers}`);
    },
  };
}

/** One measurement. What reading the input takes is measured apart and taken off, in the same moment. */
export async function measureRate(runner: Runner, callers = 1): Promise<Rate> {
  const readingAlone = await cpuSeconds(runner.pid, () => runner.run(1, callers));
  const both = await cpuSeconds(runner.pid, () => runner.run(1 + ANSWER_TOKENS, callers));
  const decode = (callers * ANSWER_TOKENS) / (both - readingAlone);
  return { prefill: (callers * INPUT_TOKENS) / (readingAlone - callers / decode), decode };
}

/** Seconds of CPU time that a process spends while `action` runs: other work on the machine counts little. Linux only. */
export async function cpuSeconds(pid: number, action: () => Promise<unknown>): Promise<number> {
  const before = cpuTime(pid);
  await action();
  return (cpuTime(pid) - before) / 1e9;
}

/** Nanoseconds of all threads there are. */
function cpuTime(pid: number): number {
  const tasks = join("/proc", String(pid), "task");
  return readdirSync(tasks).reduce((sum, task) => {
    const [ran] = readFileSync(join(tasks, task, "schedstat"), "utf8").split(" ");
    return sum + Number(ran);
  }, 0);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
