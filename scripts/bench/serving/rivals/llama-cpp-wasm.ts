import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { importMiniMind } from "../../../../trainer/model/minimind.ts";
import { writeGguf } from "./gguf.ts";
import { installBrowserWorker } from "./browser-worker.ts";
import { serveTasks, type Task, type Timing } from "./protocol.ts";

/** llama.cpp compiled to wasm (wllama), one thread, with our weights as Q8_0. */
const CONTEXT_TOKENS = 256;
const silent = { debug() {}, log() {}, warn() {}, error: console.error };

await serveTasks(async () => {
  installBrowserWorker();
  const { Wllama } = await import("@wllama/wllama/esm/index.js");
  const entry = createRequire(import.meta.url).resolve("@wllama/wllama/esm/index.js");
  const wasm = new URL("single-thread/wllama.wasm", pathToFileURL(entry)).href;
  const wllama = new Wllama({ "single-thread/wllama.wasm": wasm }, { logger: silent });
  const gguf = writeGguf(await importMiniMind());
  await wllama.loadModel([new Blob([gguf])], { n_threads: 1, n_ctx: CONTEXT_TOKENS });
  return async ({ ids, answerTokens }: Task): Promise<Timing> => {
    await wllama.kvClear();
    await wllama.samplingInit({ temp: 0 });
    const next = async () => {
      const { token } = await wllama.samplingSample();
      await wllama.samplingAccept([token]);
      return token;
    };
    const began = performance.now();
    await wllama.decode([...ids], {});
    let token = await next();
    const first = performance.now();
    const tokens = [token];
    for (let i = 0; i < answerTokens; i++) {
      await wllama.decode([token], {});
      token = await next();
      tokens.push(token);
    }
    if (process.env["DEBUG_RIVALS"]) console.error(tokens.join(" "));
    return { prefillMs: first - began, decodeMs: performance.now() - first, decodedTokens: answerTokens };
  };
});
