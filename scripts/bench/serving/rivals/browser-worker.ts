import { resolveObjectURL } from "node:buffer";
import { Worker as NodeWorker } from "node:worker_threads";
import { InternalError } from "../../../../shared/errors.ts";

/** Gives a worker's code the two names of a browser's worker that it uses. */
const PRELUDE = `
  const { parentPort } = require("node:worker_threads");
  globalThis.self = globalThis;
  globalThis.postMessage = (data, transfer) => parentPort.postMessage(data, transfer);
  parentPort.on("message", (data) => globalThis.onmessage({ data }));
`;

/** As much of a browser's `Worker` as wllama needs, over a thread of Node's. */
class BrowserWorker {
  onmessage: ((event: { data: unknown }) => void) | undefined;
  onerror: ((error: unknown) => void) | undefined;
  readonly #thread: Promise<NodeWorker>;

  constructor(url: string) {
    this.#thread = this.#start(url);
  }

  postMessage(data: unknown, transfer: ArrayBuffer[] = []): void {
    // In order: every message waits for the same promise.
    this.#thread.then(
      (thread) => thread.postMessage(data, transfer),
      (error: unknown) => this.onerror?.(error),
    );
  }

  terminate(): void {
    this.#thread.then(
      (thread) => thread.terminate(),
      () => undefined,
    );
  }

  async #start(url: string): Promise<NodeWorker> {
    const code = await resolveObjectURL(url)?.text();
    if (code === undefined)
      throw new InternalError(`A worker's code is at "${url}", wanted a blob's address`);
    const thread = new NodeWorker(PRELUDE + code, { eval: true });
    thread.on("message", (data: unknown) => this.onmessage?.({ data }));
    thread.on("error", (error) => this.onerror?.(error));
    return thread;
  }
}

/** Lets code made for browsers start a single-threaded worker here, and resolve addresses. */
export function installBrowserWorker(): void {
  Object.assign(globalThis, { Worker: BrowserWorker, document: { baseURI: "file:///" } });
}
