/**
 * onnxruntime-web's glue takes a runtime that offers `process.versions.node` for Node and imports `worker_threads`; workerd
 * offers it with `nodejs_compat`, and under vitest. The glue itself treats a process of type "renderer" (Electron's) as a
 * browser. It looks when it is imported and whenever it starts: import this module before it, then call `dropGuise`.
 */
const process = (globalThis as { process?: { type?: string } }).process;
const ownType = process?.type;

function putOnGuise(): void {
  if (process) process.type = "renderer";
}

/** Puts `process.type` back. */
export function dropGuise(): void {
  if (!process) return;
  if (ownType === undefined) delete process.type;
  else process.type = ownType;
}

/** Calls `start` as a browser would. */
export function asBrowser<T>(start: () => T): T {
  putOnGuise();
  try {
    return start();
  } finally {
    dropGuise();
  }
}

putOnGuise();
