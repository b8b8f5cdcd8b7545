import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { UnavailableError } from "../shared/errors.ts";

/** Where graphs run; nodes that the first lacks fall to the next. */
export type Provider = "cpu" | "webgpu" | "cuda";
export const devices = ["auto", "cpu", "webgpu", "cuda"] as const;
export type Device = (typeof devices)[number];

/** What a GPU of NVIDIA's leaves in a container's /dev; the second is WSL's. */
const GPU_FILES = ["/dev/nvidiactl", "/dev/dxg"];

/** What keeps CUDA from being used here, or null where it can be. */
export type FindObstacle = () => string | null;

/**
 * The providers for a device. `auto` takes CUDA where it can be had, and says so where it has to do without; `cuda` insists.
 * WebGPU is taken where it is asked for only: it was measured on no GPU yet. Throws UnavailableError.
 */
export function chooseProviders(
  device: Device,
  log: (message: string, fields?: Record<string, unknown>) => void,
  findObstacle: FindObstacle = cudaObstacle,
): readonly Provider[] {
  if (device === "cpu") return ["cpu"];
  if (device === "webgpu") return ["webgpu", "cpu"];
  const obstacle = findObstacle();
  if (obstacle === null) return ["cuda", "cpu"];
  if (device === "cuda") throw new UnavailableError(`FOREWORD_DEVICE is "cuda", but ${obstacle}`);
  log("Warning: tuning on the CPU", { reason: obstacle });
  return ["cpu"];
}

const cudaObstacle: FindObstacle = () => {
  const package_ = dirname(createRequire(import.meta.url).resolve("onnxruntime-node/package.json"));
  const folder = join(package_, "bin", "napi-v6", process.platform, process.arch);
  if (!existsSync(join(folder, "libonnxruntime_providers_cuda.so")))
    return "onnxruntime-node was installed without CUDA";
  return GPU_FILES.some((file) => existsSync(file)) ? null : "no GPU is to be seen in /dev";
};
