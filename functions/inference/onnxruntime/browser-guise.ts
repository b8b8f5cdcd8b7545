/**
 * Import this before onnxruntime-web's glue, and call `dropGuise` after it has started. The glue takes a runtime that
 * offers `process.versions.node` for Node and imports `worker_threads`; workerd offers it with `nodejs_compat`, and under
 * vitest. The glue itself treats a process of type "renderer" (Electron's) as a browser.
 */
const process = (globalThis as { process?: { type?: string } }).process;
const before = process?.type;
if (process) process.type = "renderer";

/** Puts `process.type` back. */
export function dropGuise(): void {
  if (!process) return;
  if (before === undefined) delete process.type;
  else process.type = before;
}
