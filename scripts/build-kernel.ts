import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import asc from "assemblyscript/asc";

const folder = join(import.meta.dirname, "..", "functions", "kernel");

/** Where the built kernel is committed, so that neither deploying nor testing needs a compiler. */
export const kernelFile = join(folder, "kernel.wasm");

/** Compiles the kernel's AssemblyScript; the same sources give the same bytes. Throws Error with the compiler's messages. */
export async function buildKernel(): Promise<Uint8Array> {
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
  const wasm = await buildKernel();
  await writeFile(kernelFile, wasm);
  console.log(`functions/kernel/kernel.wasm: ${wasm.length} bytes`);
}
