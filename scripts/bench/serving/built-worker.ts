import { SourceMap, type SourceMapPayload } from "node:module";
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { bundleWorker } from "../../deploy/bundle-worker.ts";
import { root, stateFolder } from "../../dev/paths.ts";

/** The Worker as a deployment uploads it, in a workerd of its own. */
export interface BuiltWorker {
  /** Straight to the Worker: neither wrangler's development proxies nor the router of static files stand in front. */
  readonly url: string;
  /** By way of miniflare's own entry, which has the local bucket's S3 endpoint too. */
  readonly entryUrl: string;
  readonly debuggerUrl: string;
  /** From the bundle to its sources. */
  readonly sourceMap: SourceMap;
  stop(): Promise<void>;
}

const NAME = "foreword";

/** Bundles the Worker and starts it on free ports of 127.0.0.1, its bucket, database and queues in `FOREWORD_STATE`. */
export async function startBuiltWorker(adminKey: string): Promise<BuiltWorker> {
  const folder = join(stateFolder, "bundle");
  await bundleWorker(folder);
  const { workerOptions } = unstable_getMiniflareWorkerOptions(join(root, "wrangler.toml"));
  const { assets: _assets, modulesRules: _rules, bindings, ...options } = workerOptions;
  const local = { host: "127.0.0.1", port: 0 };
  const miniflare = new Miniflare({
    ...convertV4MiniflareOptions({
      ...local,
      inspectorPort: 0,
      workers: [
        {
          ...options,
          name: NAME,
          modulesRoot: folder,
          modules: await modulesOf(folder),
          bindings: { ...(bindings as object), ADMIN_KEY: adminKey },
          unsafeInspectorProxy: true,
          unsafeDirectSockets: [local],
        },
      ],
    }),
    // Where `wrangler d1 migrations --persist-to` has made the tables.
    resourcePersistencePath: join(stateFolder, "worker", "v3"),
    handleStructuredLogs({ level, message }) {
      if (level === "error") process.stderr.write(`${message}\n`);
    },
  });
  try {
    const entryUrl = await miniflare.ready;
    return {
      url: (await miniflare.unsafeGetDirectURL(NAME)).origin,
      entryUrl: entryUrl.origin,
      debuggerUrl: new URL(`/${NAME}`, await miniflare.getInspectorURL()).href,
      sourceMap: new SourceMap(
        JSON.parse(await readFile(join(folder, "worker.js.map"), "utf8")) as SourceMapPayload,
      ),
      stop: () => miniflare.dispose(),
    };
  } catch (error) {
    await miniflare.dispose();
    throw error;
  }
}

async function modulesOf(folder: string) {
  const wasm = globSync("*.wasm", { cwd: folder });
  return Promise.all(
    ["worker.js", ...wasm].map(async (name) => ({
      type: name.endsWith(".wasm") ? ("CompiledWasm" as const) : ("ESModule" as const),
      path: join(folder, name),
      contents: await readFile(join(folder, name)),
    })),
  );
}
