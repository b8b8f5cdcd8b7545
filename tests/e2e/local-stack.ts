import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createS3Store } from "../../trainer/adapters/s3.ts";
import { credentialsSchema, type Credentials } from "../../scripts/dev/credentials.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";

const main = fileURLToPath(new URL("../../scripts/dev/main.ts", import.meta.url));

/** A process of `npm start`, on ports and in a state folder of its own. */
export interface StackProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** All that it printed so far. */
  output(): string;
  /** Resolves once the output has the text; rejects when the process ends first. */
  printed(text: string): Promise<void>;
  /** Resolves with the exit status. */
  readonly exited: Promise<number | null>;
  credentials(): Promise<Credentials>;
  bucket(): Promise<ObjectStore>;
  /** Removes the state folder. */
  clean(): Promise<void>;
}

/** Starts the local stack as a user would. */
export async function startLocalStack(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<StackProcess> {
  const [port, s3Port] = [await freePort(), await freePort()];
  const state = await mkdtemp(join(tmpdir(), "foreword-e2e-"));
  const child = spawn(process.execPath, [main, ...args], {
    env: {
      ...process.env,
      PORT: String(port),
      S3_PORT: String(s3Port),
      FOREWORD_STATE: state,
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  const changed = new EventTarget();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      changed.dispatchEvent(new Event("output"));
    });
  }
  const exited = once(child, "exit").then(([code]: unknown[]) => code as number | null);
  const credentials = async () =>
    credentialsSchema.parse(JSON.parse(await readFile(join(state, "credentials.json"), "utf8")));
  return {
    url: `http://127.0.0.1:${port}`,
    child,
    output: () => text,
    exited,
    async printed(wanted) {
      const ended = exited.then((code) => {
        throw new Error(`The stack ended with status ${code} before it printed "${wanted}":\n${text}`);
      });
      ended.catch(() => undefined);
      while (!text.includes(wanted)) await Promise.race([once(changed, "output"), ended]);
    },
    credentials,
    bucket: async () => createS3Store((await credentials()).s3),
    clean: () => rm(state, { recursive: true, force: true }),
  };
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
