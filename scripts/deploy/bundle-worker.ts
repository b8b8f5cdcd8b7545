import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const root = join(import.meta.dirname, "..", "..");
const wrangler = join(root, "node_modules", "wrangler", "bin", "wrangler.js");

/**
 * Writes what a deployment would upload into `folder`: `worker.js` and its wasm modules. `options` are more of
 * `wrangler deploy`. Throws Error with wrangler's words.
 */
export async function bundleWorker(folder: string, options: readonly string[] = []): Promise<void> {
  const env = {
    ...process.env,
    CI: "1",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_LOG_PATH: join(folder, "..", "logs"),
  };
  try {
    await promisify(execFile)(
      process.execPath,
      [wrangler, "deploy", "--dry-run", "--outdir", folder, ...options],
      { cwd: root, env },
    );
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`wrangler could not bundle the Worker:\n${stdout}${stderr}`, { cause: error });
  }
}
