import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { ARENA_START } from "../../functions/kernel/arena.ts";
import { buildKernel, kernelFiles, variants } from "../../scripts/build-kernel.ts";

describe.each(variants)("the %s kernel", (variant) => {
  const read = () => readFile(kernelFiles[variant]);

  it("is what its sources compile to, and small", async () => {
    const committed = await read();
    expect(committed.equals(await buildKernel(variant))).toBe(true);
    expect(committed.length).toBeLessThan(50_000);
  });

  it("takes nothing from outside but its memory", async () => {
    const module = new WebAssembly.Module(await read());
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
  });

  it("keeps its constants out of what the arena hands out", async () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    await WebAssembly.instantiate(await read(), { env: { memory } });
    const written = new Uint8Array(memory.buffer).findLastIndex((byte) => byte !== 0);
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThan(ARENA_START);
  });
});
