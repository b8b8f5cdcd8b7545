import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
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
