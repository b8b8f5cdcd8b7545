/**
 * Checks that the Worker fits: `node scripts/check-bundle.ts` bundles it as a deployment would, with and without onnxruntime,
 * and weighs the uploads.
 */
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { bundleWorker } from "./deploy/bundle-worker.ts";
import { withoutOnnxruntime } from "./deploy/without-onnxruntime.ts";

/** What Cloudflare's paid plan takes, after compression. */
const LIMIT_BYTES = 10_000_000;
/** What the Worker with the decode kernel alone keeps to; the free plan takes 3 MB. */
const KERNEL_ONLY_BYTES = 400_000;

const root = join(import.meta.dirname, "..");

async function main(): Promise<void> {
  if (!existsSync(join(root, "wrangler.toml")))
    throw new Error(`"${root}" holds no wrangler.toml, wanted the Worker's`);
  await check("The Worker", [], LIMIT_BYTES);
  await check("The Worker without onnxruntime", withoutOnnxruntime, KERNEL_ONLY_BYTES);
}

async function check(title: string, options: readonly string[], limit: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "foreword-bundle-"));
  try {
    await bundleWorker(join(folder, "out"), options);
    weigh(title, folder, limit);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function weigh(title: string, folder: string, limit: number): void {
  const names = globSync("**/*", { cwd: join(folder, "out") })
    .filter((name) => statSync(join(folder, "out", name)).isFile())
    // wrangler explains the folder, and keeps the source map to itself.
    .filter((name) => !/(?:^README\.md|\.map)$/.test(name));
  const files = names.map((name) => {
    const bytes = readFileSync(join(folder, "out", name));
    return { name, bytes: bytes.length, packed: gzipSync(bytes).length };
  });
  const total = files.reduce((sum, file) => sum + file.packed, 0);
  for (const file of files.toSorted((a, b) => b.packed - a.packed))
    console.log(`${megabytes(file.packed)} MB compressed, ${megabytes(file.bytes)} MB plain: ${file.name}`);
  console.log(`${title}: ${megabytes(total)} MB compressed in all, of ${megabytes(limit)} MB`);
  if (total >= limit) throw new Error(`${title} is ${total} bytes compressed, wanted fewer than ${limit}`);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(2);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
