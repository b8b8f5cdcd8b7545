import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { S3Credentials } from "../../scripts/dev/s3/sigv4.ts";

export interface FixtureWrangler {
  readonly url: string;
  stop(): Promise<void>;
}

const START_MS = 45_000;

/** Starts `wrangler dev` with an empty Worker and an empty local bucket "foreword", in a temporary folder. */
export async function startFixtureWrangler(credentials: S3Credentials): Promise<FixtureWrangler> {
  const folder = await mkdtemp(join(tmpdir(), "foreword-wrangler-"));
  await writeFile(join(folder, "worker.js"), 'export default { fetch: () => new Response("ok") };\n');
  await writeFile(
    join(folder, "wrangler.toml"),
    `name = "fixture"
main = "worker.js"
compatibility_date = "2026-10-01"
[[r2_buckets]]
binding = "BUCKET"
bucket_name = "foreword"
[r2_buckets.local_dev.experimental_s3_credentials]
accessKeyId = "${credentials.accessKeyId}"
secretAccessKey = "${credentials.secretAccessKey}"
`,
  );
  const port = await freePort();
  const program = join(import.meta.dirname, "..", "..", "node_modules", "wrangler", "bin", "wrangler.js");
  const child = spawn(process.execPath, [program, "dev", "--ip", "127.0.0.1", "--port", String(port)], {
    cwd: folder,
    // Its own process group, so that workerd ends with it.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      CI: "1",
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_LOG_PATH: join(folder, "logs"),
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
    },
  });
  let output = "";
  const exited = once(child, "exit");
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
    await exited;
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  const ready = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`wrangler was not ready after ${START_MS} ms:\n${output}`)),
      START_MS,
    );
    const read = (piece: Buffer) => {
      output += piece.toString();
      if (!output.includes(`Ready on ${url}`)) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", (code) => reject(new Error(`wrangler ended with status ${code}:\n${output}`)));
  });
  try {
    await ready;
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string")
    throw new Error(`The address is "${String(address)}", wanted a port`);
  return address.port;
}
