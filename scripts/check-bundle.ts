/**
 * Checks that the Worker fits: `node scripts/check-bundle.ts` bundles it as a deployment would, with and without onnxruntime,
 * and weighs the uploads.
 */
import { execFile } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { withoutOnnxruntime } from "./deploy/without-onnxruntime.ts";

/** What Cloudflare's paid plan takes, after compression. */
const LIMIT_BYTES = 10_000_000;
/** What the Worker with the decode kernel alone keeps to; the free plan takes 3 MB. */
const KERNEL_ONLY_BYTES = 400_000;

const root = join(import.meta.dirname, "..");
const wrangler = join(root, "node_modules", "wrangler", "bin", "wrangler.js");

async function main(): Promise<void> {
  if (!existsSync(join(root, "wrangler.toml")))
    throw new Error(`"${root}" holds no wrangler.toml, wanted the Worker's`);
  await check("The Worker", [], LIMIT_BYTES);
  await check("The Worker without onnxruntime", withoutOnnxruntime, KERNEL_ONLY_BYTES);
}

async function check(title: string, options: readonly string[], limit: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "foreword-bundle-"));
  try {
    await bundle(folder, options);
    weigh(title, folder, limit);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function bundle(folder: string, options: readonly string[]): Promise<void> {
  const env = {
    ...process.env,
    CI: "1",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_LOG_PATH: join(folder, "logs"),
  };
  try {
    await promisify(execFile)(
      process.execPath,
      [wrangler, "deploy", "--dry-run", "--outdir", join(folder, "out"), ...options],
      {
        cwd: root,
        env,
      },
    );
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`wrangler could not bundle the Worker:\n${stdout}${stderr}`, { cause: error });
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
