import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { InternalError } from "../../shared/errors.ts";
import { root, stateFolder } from "../dev/paths.ts";
import { startVictim, type Victim } from "./process.ts";

const wrangler = join(root, "node_modules/wrangler/bin/wrangler.js");
export const workerState = join(stateFolder, "worker");
const START_TIMEOUT_MS = 180_000;

/** Starts workerd with the Worker, and waits until it answers. Throws InternalError when it does not. */
export async function startWorkerd(port: number, adminKey: string, leaseSeconds: number): Promise<Victim> {
  const victim = startVictim(
    [
      wrangler,
      "dev",
      "--ip=127.0.0.1",
      `--port=${port}`,
      "--inspector-port=0",
      `--persist-to=${workerState}`,
      "--show-interactive-dev-session=false",
      `--var=ADMIN_KEY:${adminKey}`,
      `--var=LEASE_SECONDS:${leaseSeconds}`,
    ],
    { CI: "1", WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false", NO_COLOR: "1" },
    join(stateFolder, "worker.log"),
  );
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && victim.alive) {
    const health = `http://127.0.0.1:${port}/health`;
    const response = await fetch(health, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
    if (response?.ok) return victim;
    await sleep(100);
  }
  victim.signal("SIGKILL");
  throw new InternalError(`workerd did not start; see ${join(stateFolder, "worker.log")}`);
}

/** The file of the Worker's database. */
export function databaseFile(): string {
  const folder = join(workerState, "v3/d1/miniflare-D1DatabaseObject");
  const file = existsSync(folder) && readdirSync(folder).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
  if (!file) throw new InternalError(`"${folder}" has no database`);
  return join(folder, file);
}
