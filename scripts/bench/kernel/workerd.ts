import { spawn } from "node:child_process";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { rolldown } from "rolldown";
import { InternalError } from "../../../shared/errors.ts";

/** A bare workerd with the benchmark's Worker and one engine. */
export interface BenchProcess {
  readonly pid: number;
  /** Calls the Worker and gives the engine's memory. Throws InternalError when it fails. */
  call(path: string): Promise<{ wasmBytes: number }>;
  /** Where its debugger listens. */
  readonly debuggerUrl: string;
  stop(): Promise<void>;
}

const root = join(import.meta.dirname, "..", "..", "..");
const START_TIMEOUT_MS = 60_000;

/** Bundles the Worker into `folder`, wasm modules beside it; gives the modules' names. */
export async function bundleWorker(folder: string): Promise<string[]> {
  const modules = new Map<string, string>();
  const build = await rolldown({
    input: join(import.meta.dirname, "worker.ts"),
    platform: "browser",
    // onnxruntime-web's glue names them for Node, and never gets there.
    external: ["module", "worker_threads"],
    logLevel: "silent",
    plugins: [
      {
        name: "wasm modules stay files",
        async resolveId(source, importer) {
          if (!source.endsWith(".wasm")) return null;
          const resolved = await this.resolve(source, importer, { skipSelf: true });
          if (!resolved) return null;
          modules.set(basename(resolved.id), resolved.id);
          return { id: basename(resolved.id), external: true };
        },
      },
    ],
  });
  await build.write({ file: join(folder, "worker.mjs"), format: "esm", codeSplitting: false });
  await build.close();
  for (const [name, path] of modules) await copyFile(path, join(folder, name));
  return [...modules.keys()];
}

/** Starts workerd with one engine over the bundle in `modelFolder`; the first call loads the model. Throws InternalError. */
export async function startWorkerd(engine: string, modelFolder: string): Promise<BenchProcess> {
  const folder = await mkdtemp(join(tmpdir(), "foreword-bench-kernel-"));
  const wasm = (await bundleWorker(folder)).map((name) => `(name = "${name}", wasm = embed "${name}")`);
  const [port, debuggerPort] = [await freePort(), await freePort()];
  await writeFile(
    join(folder, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker.mjs", esModule = embed "worker.mjs"), ${wasm.join(", ")}],
      bindings = [(name = "MODEL", service = "model"), (name = "ENGINE", text = "${engine}")],
      compatibilityDate = "2026-10-01",
    )),
    (name = "model", disk = (path = "${modelFolder}")),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
`,
  );
  const program = join(root, "node_modules", ".bin", "workerd");
  const child = spawn(program, ["serve", "config.capnp", `--inspector-addr=127.0.0.1:${debuggerPort}`], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += String(chunk)));
  const stop = async () => {
    child.kill();
    await rm(folder, { recursive: true, force: true });
  };
  const call = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    if (!response.ok) throw new InternalError(`${engine} in workerd answered ${response.status}: ${errors}`);
    return (await response.json()) as { wasmBytes: number };
  };
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      await fetch(`http://127.0.0.1:${port}/ready`);
      const debuggerUrl = `ws://127.0.0.1:${debuggerPort}/main`;
      return { pid: child.pid as number, call, debuggerUrl, stop };
    } catch (cause) {
      if (child.exitCode !== null || Date.now() > deadline) {
        await stop();
        throw new InternalError(`workerd does not start: ${errors}`, { cause });
      }
      await sleep(100);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
