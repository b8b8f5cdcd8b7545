import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvalidRequestError } from "../../shared/errors.ts";
import { importModel } from "../../trainer/model/import-model.ts";
import { compareQuality } from "./kernel/compare-quality.ts";
import { cpuSeconds, measureRate, median, workerdRunner, type Rate, type Runner } from "./kernel/measure.ts";
import { toJson, toTable, type KernelResult } from "./kernel/report.ts";
import { startLlamaCpp } from "./kernel/llama-cpp.ts";
import { measureM135 } from "./kernel/m135.ts";
import { startWorkerd } from "./kernel/workerd.ts";

const MODEL = "minimind2-small";
const ROUNDS = 5;
const CALLERS = 8;
/** One caller and eight, in turn: short runs, whose ratio says little by itself. */
const CALLER_ROUNDS = 15;
/** One row through as many weights as `streamWeights` of the Worker has. */
const STREAM = { passes: 20, weights: 512 * 51_200 };

/**
 * `npm run bench -- kernel [--json]`: the decode kernel beside onnxruntime-web, both in workerd, and llama.cpp in wasm, in
 * Node; one thread, the same weights in 8 bits, in turn in one run, by CPU time. Prints a table, or with `--json` one line.
 */
export async function kernel(args: readonly string[]): Promise<void> {
  const strange = args.find((arg) => arg !== "--json");
  if (strange !== undefined) throw new InvalidRequestError(`Found "${strange}", wanted "--json" or nothing`);
  const folder = await mkdtemp(join(tmpdir(), "foreword-bench-kernel-"));
  try {
    const result = await measure(folder, (line) => console.error(line));
    const json = args.includes("--json");
    (json ? process.stderr : process.stdout).write(`${toTable(result)}\n`);
    if (json) process.stdout.write(`${toJson(result)}\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(folder: string, progress: (line: string) => void): Promise<KernelResult> {
  progress("Importing the model in 8 bits and in float32");
  const [int8, float32] = [join(folder, "int8"), join(folder, "float32")];
  await importModel(MODEL, int8);
  await importModel(MODEL, float32, { format: "float32" });
  progress("Comparing answers with float32's");
  const quality = await compareQuality(int8, float32);
  progress("Running a model of SmolLM2-135M's shape");
  const m135 = await measureM135(join(folder, "m135"), ROUNDS);
  progress("Starting the engines");
  const started = new AsyncDisposableStack();
  try {
    const kernelProcess = started.adopt(await startWorkerd("kernel", int8), ({ stop }) => stop());
    const onnxruntime = started.adopt(await startWorkerd("onnxruntime", int8), ({ stop }) => stop());
    const llamaCpp = started.adopt(await startLlamaCpp(), ({ stop }) => stop());
    const runners = {
      kernel: workerdRunner(kernelProcess),
      onnxruntime: workerdRunner(onnxruntime),
      llamaCpp,
    };
    // One sequence at a time, as the speeds of the comparison are measured.
    await measureRate(runners.kernel);
    await measureRate(runners.onnxruntime);
    const { wasmBytes } = await kernelProcess.call("/memory");
    const { wasmBytes: onnxruntimeBytes } = await onnxruntime.call("/memory");
    return { quality, m135, wasmBytes, onnxruntimeBytes, ...(await measureInTurn(runners, progress)) };
  } finally {
    await started.disposeAsync();
  }
}

type Measured = Pick<
  KernelResult,
  "kernel" | "onnxruntime" | "llamaCpp" | "eightCallers" | "ratios" | "streamedPerSecond"
>;

async function measureInTurn(
  runners: { kernel: ReturnType<typeof workerdRunner>; onnxruntime: Runner; llamaCpp: Runner },
  progress: (line: string) => void,
): Promise<Measured> {
  const measureRound = async () => ({
    kernel: await measureRate(runners.kernel),
    onnxruntime: await measureRate(runners.onnxruntime),
    llamaCpp: await measureRate(runners.llamaCpp),
    streamSeconds: await cpuSeconds(runners.kernel.pid, () => runners.kernel.stream(STREAM.passes)),
  });
  const rounds: Awaited<ReturnType<typeof measureRound>>[] = [];
  const callers: { one: Rate; eight: Rate }[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    progress(round === 0 ? "Warming up" : `Round ${round} of ${ROUNDS}`);
    const found = await measureRound();
    // The first round warms up: compilers, caches, first growth of memory.
    if (round > 0) rounds.push(found);
  }
  progress("One caller and eight");
  for (let round = 0; round < CALLER_ROUNDS; round++) {
    callers.push({
      one: await measureRate(runners.kernel),
      eight: await measureRate(runners.kernel, CALLERS),
    });
  }
  // The machine's own speed changes from round to round, so what is compared is compared within one.
  const against = (rival: "onnxruntime" | "llamaCpp") =>
    medianRate(rounds.map((round) => divide(round.kernel, round[rival])));
  return {
    kernel: medianRate(rounds.map((round) => round.kernel)),
    onnxruntime: medianRate(rounds.map((round) => round.onnxruntime)),
    llamaCpp: medianRate(rounds.map((round) => round.llamaCpp)),
    eightCallers: medianRate(callers.map(({ eight }) => eight)),
    ratios: {
      onnxruntime: against("onnxruntime"),
      llamaCpp: against("llamaCpp"),
      oneCaller: medianRate(callers.map(({ one, eight }) => divide(eight, one))),
    },
    streamedPerSecond: median(
      rounds.map(({ streamSeconds }) => (STREAM.passes * STREAM.weights) / streamSeconds),
    ),
  };
}

const divide = (some: Rate, others: Rate): Rate => ({
  prefill: some.prefill / others.prefill,
  decode: some.decode / others.decode,
});

const medianRate = (rates: readonly Rate[]): Rate => ({
  prefill: median(rates.map(({ prefill }) => prefill)),
  decode: median(rates.map(({ decode }) => decode)),
});
