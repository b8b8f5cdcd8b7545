import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { ARENA_START } from "../../functions/kernel/arena.ts";
import { buildKernel, kernelFile } from "../../scripts/build-kernel.ts";

it("kernel.wasm is what its sources compile to, and small", async () => {
  const committed = await readFile(kernelFile);
  expect(committed.equals(await buildKernel())).toBe(true);
  expect(committed.length).toBeLessThan(50_000);
});

it("kernel.wasm takes nothing from outside but its memory", async () => {
  const module = new WebAssembly.Module(await readFile(kernelFile));
  expect(WebAssembly.Module.imports(module)).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
});

it("kernel.wasm keeps its constants out of what the arena hands out", async () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  await WebAssembly.instantiate(await readFile(kernelFile), { env: { memory } });
  const written = new Uint8Array(memory.buffer).findLastIndex((byte) => byte !== 0);
  expect(written).toBeGreaterThan(0);
  expect(written).toBeLessThan(ARENA_START);
});
