import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { InternalError } from "../../shared/errors.ts";
import { startChild, type Child } from "./child.ts";
import { root, stateFolder } from "./paths.ts";

const wrangler = join(root, "node_modules/wrangler/bin/wrangler.js");
const migrations = join(root, "functions/migrations");
const stateOfWorker = join(stateFolder, "worker");
/** Nothing is to be asked, sent or looked up outside this machine. */
const quiet = {
  CI: "1",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  NO_COLOR: "1",
};

/** workerd is up within seconds; beyond this something is wrong that its log tells. */
const START_TIMEOUT_MS = 90_000;
const POLL_MS = 100;
/** As in wrangler.toml. */
const CRON_PERIOD_MS = 60_000;

/** Brings the local D1 database's tables up to date; does nothing when no migration is new. */
export async function migrateDatabase(): Promise<void> {
  const stamp = join(stateOfWorker, "migrations.sha256");
  const digest = createHash("sha256");
  for (const file of readdirSync(migrations).toSorted()) digest.update(readFileSync(join(migrations, file)));
  const wanted = digest.digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  try {
    await promisify(execFile)(
      process.execPath,
      [wrangler, "d1", "migrations", "apply", "DB", "--local", "--persist-to", stateOfWorker],
      { cwd: root, env: { ...process.env, ...quiet } },
    );
  } catch (cause) {
    throw new InternalError(
      `Database migration failed: ${(cause as { stderr?: string }).stderr ?? String(cause)}`,
      { cause },
    );
  }
  mkdirSync(stateOfWorker, { recursive: true });
  writeFileSync(stamp, wanted);
}

/** Starts workerd with the Worker, local R2, D1 and Queues, and waits until it answers. */
export async function startWorker(port: number, adminKey: string): Promise<Child> {
  // In a file, because a process' arguments can be read by everybody.
  const secrets = join(stateOfWorker, "secrets.env");
  writeFileSync(secrets, `ADMIN_KEY=${adminKey}\n`, { mode: 0o600 });
  const child = startChild(
    "worker",
    [
      wrangler,
      "dev",
      "--ip=127.0.0.1",
      `--port=${port}`,
      "--inspector-port=0",
      `--persist-to=${stateOfWorker}`,
      "--log-level=info",
      "--show-interactive-dev-session=false",
      `--env-file=${secrets}`,
    ],
    quiet,
  );
  try {
    await Promise.race([child.died, untilHealthy(`http://127.0.0.1:${port}/health`)]);
  } catch (error) {
    await child.stop();
    throw error;
  }
  return child;
}

/** Fires the Worker's cron trigger every minute, which workerd leaves to others. */
export function startClock(url: string, onError: (error: unknown) => void): { stop(): Promise<void> } {
  const tick = () => {
    fetch(new URL("/cdn-cgi/local/scheduled", url)).catch(onError);
  };
  const timer = setInterval(tick, CRON_PERIOD_MS);
  return { stop: async () => clearInterval(timer) };
}

async function untilHealthy(url: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    // Refused connections are what we wait out.
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
    if (response?.ok) return;
    await sleep(POLL_MS);
  }
  throw new InternalError(`The Worker did not answer ${url} within ${START_TIMEOUT_MS / 1000} seconds`);
}
