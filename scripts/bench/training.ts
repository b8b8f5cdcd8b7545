import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { defaultBase } from "./tuning/local-base.ts";
import { gemmPeak, measureStep, type StepRow, type StepSetting } from "./tuning/measure-step.ts";

/** PEFT 0.20 + PyTorch 2.14, CPU, float32, 2 threads, 32 input + 4 target tokens: examples/s and peak memory in MB. */
const PEFT: Record<string, { examples: number; memory?: number }> = {
  "20/8": { examples: 24.7, memory: 711 },
  "20/16": { examples: 23.4 },
  "100/8": { examples: 9, memory: 960 },
};
/** Work whose size doubles must not cost more than this. */
const DOUBLING_LIMIT = 2.2;

const USAGE = `Usage: npm run bench -- training [--full] [--threads 2] [--json]
Times tuning steps on MiniMind2-Small; --full adds how the time grows with batch, virtual tokens and length.`;

interface Options {
  readonly threads: number;
  readonly full: boolean;
  readonly json: boolean;
}

/** `npm run bench -- training [--full] [--json] [--threads 2]`: speed and memory of tuning steps, beside PEFT's. */
export async function training(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      full: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      threads: { type: "string", default: "2" },
      one: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const threads = Number(values.threads);
  if (values.help) console.log(USAGE);
  else if (values.one === "gemm") console.log(JSON.stringify(await gemmPeak(threads)));
  else if (values.one !== undefined) {
    const setting = JSON.parse(values.one) as StepSetting;
    console.log(JSON.stringify(await measureStep(await defaultBase(), setting)));
  } else report({ threads, full: values.full, json: values.json });
}

function report({ threads, full, json }: Options): void {
  const steps = full ? 15 : 7;
  const setting = (n: number, batch: number, length: number): StepSetting => {
    return { method: "prompt_tuning", n, batch, length, steps, threads };
  };
  const measure = (one: StepSetting) => {
    const row = inFreshProcess(JSON.stringify(one), threads) as StepRow;
    if (!json) console.log(line(row));
    return row;
  };
  const peak = inFreshProcess("gemm", threads) as number;
  if (!json) {
    console.log(
      `MiniMind2-Small, float32, ${threads} threads; plain matrix product ${peak.toFixed(0)} GFLOP/s\n`,
    );
    console.log(HEADER);
  }
  const compared = [setting(20, 8, 32), setting(20, 16, 32), setting(100, 8, 32)];
  const rows = [...compared, { ...setting(64, 8, 32), method: "prefix_tuning" as const }].map(measure);
  if (full) {
    const sweeps: Record<"batch" | "n" | "length", StepSetting[]> = {
      batch: [1, 2, 4, 8, 16, 32, 64].map((batch) => setting(20, batch, 32)),
      n: [1, 12, 25, 50, 100, 200].map((n) => setting(n, 8, 32)),
      length: [16, 32, 64, 128, 256, 512].map((length) => setting(20, 4, length)),
    };
    for (const by of ["batch", "n", "length"] as const) {
      if (!json) console.log(`\nGrowing ${by}`);
      const measured = sweeps[by].map(measure);
      rows.push(...measured);
      if (!json) console.log(verdict(by, worstDoubling(measured, by)));
    }
  }
  if (json) console.log(JSON.stringify({ gemm_peak_gflops: peak, rows }));
}

function verdict(by: string, worst: number): string {
  const within = worst <= DOUBLING_LIMIT ? "within" : "ABOVE";
  return `Doubling ${by} costs at most ${worst.toFixed(2)}x (${within} ${DOUBLING_LIMIT}x)`;
}

/** A process of its own for each row: peak memory is a process's, and no row warms up another. */
function inFreshProcess(one: string, threads: number): unknown {
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const args = ["--no-warnings", main, "training", "--one", one, "--threads", String(threads)];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`Measuring ${one} ended with status ${status}: ${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "null");
}

const HEADER =
  "method           n  batch length   ms/step  examples/s   tokens/s  GFLOP/s   RSS MB  session ms  vs PEFT";

function line(row: StepRow): string {
  const rival =
    row.method === "prompt_tuning" && row.length === 32 ? PEFT[`${row.n}/${row.batch}`] : undefined;
  const ratio = rival && `${(row.examples_per_second / rival.examples).toFixed(1)}x of ${rival.examples}/s`;
  const memory = rival?.memory === undefined ? "" : `, ${rival.memory} MB`;
  const cell = (x: number, width: number, digits = 0) => x.toFixed(digits).padStart(width);
  const cells = [
    cell(row.n, 4),
    cell(row.batch, 7),
    cell(row.length, 7),
    cell(row.ms_per_step, 10, 1),
    cell(row.examples_per_second, 12, 1),
    cell(row.tokens_per_second, 11),
    cell(row.gflops, 9),
    cell(row.peak_rss_mb, 9),
    cell(row.session_ms, 12),
  ];
  return `${row.method.padEnd(14)}${cells.join("")}${ratio ? `  ${ratio}${memory}` : ""}`;
}

/** The largest factor in time for a doubling, between neighbours that grow by other factors taken to the same power. */
function worstDoubling(rows: readonly StepRow[], by: "batch" | "n" | "length"): number {
  const factors = rows.slice(1).map((row, i) => {
    const before = rows[i] as StepRow;
    return (row.ms_per_step / before.ms_per_step) ** (1 / Math.log2(row[by] / before[by]));
  });
  return Math.max(...factors);
}
