import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import asc from "assemblyscript/asc";

const folder = join(import.meta.dirname, "..", "functions", "kernel");

/** With relaxed SIMD, products and sums of float32 are one instruction where the processor has it, and may differ in their last bits. */
export const variants = ["plain", "relaxed"] as const;
export type KernelVariant = (typeof variants)[number];

/** Where the built kernels are committed, so that neither deploying nor testing needs a compiler. */
export const kernelFiles: Readonly<Record<KernelVariant, string>> = {
  plain: join(folder, "kernel.wasm"),
  relaxed: join(folder, "kernel-relaxed.wasm"),
};

/** Compiles the kernel's AssemblyScript; the same sources give the same bytes. Throws Error with the compiler's messages. */
export async function buildKernel(variant: KernelVariant): Promise<Uint8Array> {
  let wasm: Uint8Array | undefined;
  const messages: string[] = [];
  const { error } = await asc.main(
    [
      "assembly/index.ts",
      `--baseDir=${folder}`,
      "--outFile=kernel.wasm",
      // No runtime: the kernels allocate nothing, all addresses come from the caller.
      "--runtime=stub",
      "--noAssert",
      "--importMemory",
      // Memory is never smaller than any offset in a load, so engines without guard pages, as workerd's, check less.
      "--initialMemory=1",
      "--noExportMemory",
      "--enable=simd",
      ...(variant === "relaxed" ? ["--enable=relaxed-simd"] : []),
      // Higher levels move instructions about until sums no longer fit into registers. V8 inlines, and does the rest.
      "--optimizeLevel=1",
    ],
    {
      stderr: { write: (text) => messages.push(String(text)) },
      writeFile(name, contents) {
        if (name === "kernel.wasm" && typeof contents !== "string") wasm = contents;
      },
    },
  );
  if (error || !wasm) throw new Error(`The kernel does not compile: ${messages.join("")}`, { cause: error });
  return wasm;
}

if (import.meta.main) {
  for (const variant of variants) {
    const wasm = await buildKernel(variant);
    await writeFile(kernelFiles[variant], wasm);
    console.log(`${variant}: ${wasm.length} bytes`);
  }
}
