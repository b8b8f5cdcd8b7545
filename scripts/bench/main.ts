import { ForewordError } from "../../shared/errors.ts";

/** `npm run bench -- <name> [flags]`: runs one benchmark. Each is imported only when it is asked for. */
const benchmarks: Readonly<Record<string, () => Promise<(args: readonly string[]) => Promise<void>>>> = {
  accuracy: async () => (await import("./accuracy.ts")).accuracy,
  training: async () => (await import("./training.ts")).training,
  kernel: async () => (await import("./kernel.ts")).kernel,
  formats: async () => (await import("./formats.ts")).formats,
  serving: async () => (await import("./serving.ts")).serving,
  experiments: async () => (await import("./experiments.ts")).experiments,
  control: async () => (await import("./control.ts")).control,
  scale: async () => (await import("./scale.ts")).scale,
};

const [name = "", ...args] = process.argv.slice(2);
const load = Object.hasOwn(benchmarks, name) ? benchmarks[name] : undefined;
try {
  if (load) await (await load())(args);
  else {
    console.error(`Found no benchmark "${name}", wanted one of: ${Object.keys(benchmarks).join(", ")}`);
    process.exitCode = 2;
  }
} catch (error) {
  const known = error instanceof ForewordError;
  console.error(known ? error.message : error instanceof Error ? error.stack : String(error));
  process.exitCode = 1;
}
