import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvalidRequestError } from "../../shared/errors.ts";
import { importModel } from "../../trainer/model/import-model.ts";
import { DEFAULT_MODEL } from "../../trainer/model/minimind.ts";
import type { WeightFormat } from "../../trainer/model/weight-format.ts";
import { chatTexts, measureQuality, type Quality } from "./formats/quality.ts";
import { toJson, toTable, type FormatResult } from "./formats/report.ts";
import { measureRate, median, workerdRunner, type Rate } from "./kernel/measure.ts";
import { openEngine, type EngineName } from "./kernel/open-engine.ts";
import { startWorkerd, type BenchProcess } from "./kernel/workerd.ts";

const ROUNDS = 3;

/** What serves, the format that costs least, and the oracle, which comes first because the others are compared with it. */
const FORMATS: readonly { readonly engine: EngineName; readonly format: WeightFormat }[] = [
  { engine: "onnxruntime", format: "float32" },
  { engine: "onnxruntime", format: "int8" },
  { engine: "kernel", format: "int8" },
  { engine: "kernel", format: "int4" },
];

/**
 * `npm run bench -- formats [--json]`: what each format of the weights costs and is worth. Memory and speed in workerd, one
 * thread, in turn; nats per token and the accuracy of a tuned prompt in Node.
 */
export async function formats(args: readonly string[]): Promise<void> {
  const strange = args.find((arg) => arg !== "--json");
  if (strange !== undefined) throw new InvalidRequestError(`Found "${strange}", wanted "--json" or nothing`);
  const folder = await mkdtemp(join(tmpdir(), "foreword-bench-formats-"));
  try {
    const results = await measure(folder, (line) => console.error(line));
    const json = args.includes("--json");
    (json ? process.stderr : process.stdout).write(`${toTable(results)}\n`);
    if (json) process.stdout.write(`${toJson(results)}\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(folder: string, progress: (line: string) => void): Promise<FormatResult[]> {
  const bundle = (format: WeightFormat) => join(folder, format);
  for (const format of new Set(FORMATS.map((one) => one.format)))
    await importModel(DEFAULT_MODEL, bundle(format), { format });

  const qualities: Quality[] = [];
  const sizes: number[] = [];
  let chat: number[][] | undefined;
  for (const { engine: name, format } of FORMATS) {
    progress(`Quality: ${name}, ${format}`);
    const { engine, tokenizer, weightBytes } = await openEngine(name, bundle(format));
    chat ??= await chatTexts(engine, tokenizer);
    qualities.push(await measureQuality(engine, tokenizer, chat));
    sizes.push(weightBytes);
    engine.close();
  }

  const rates = FORMATS.map((): Rate[] => []);
  const memory: number[] = [];
  await using started = new AsyncDisposableStack();
  const workers: BenchProcess[] = [];
  for (const { engine, format } of FORMATS)
    workers.push(started.adopt(await startWorkerd(engine, bundle(format)), ({ stop }) => stop()));
  // The first round warms up.
  for (let round = 0; round <= ROUNDS; round++) {
    progress(round === 0 ? "Speed: warming up" : `Speed: round ${round} of ${ROUNDS}`);
    for (const [i, worker] of workers.entries()) {
      const rate = await measureRate(workerdRunner(worker));
      if (round > 0) rates[i]?.push(rate);
      memory[i] = (await worker.call("/memory")).wasmBytes;
    }
  }
  return FORMATS.map(({ engine, format }, i) => ({
    engine,
    format,
    weightBytes: sizes[i] as number,
    wasmBytes: memory[i] as number,
    prefill: median((rates[i] as Rate[]).map(({ prefill }) => prefill)),
    decode: median((rates[i] as Rate[]).map(({ decode }) => decode)),
    quality: qualities[i] as Quality,
  }));
}
