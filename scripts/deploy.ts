/**
 * npm run deploy [-- [--dry-run] [--without-onnxruntime]]
 *
 * Sets up Cloudflare: bucket, database, queues, event notifications, base model, Worker, admin key. Whatever is there
 * already stays as it is. With --dry-run it prints every step and calls nothing. Without onnxruntime the Worker fits the free
 * plan, and serves models that have weights for the decode kernel.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { deploy } from "./deploy/deploy.ts";
import { withoutOnnxruntime } from "./deploy/without-onnxruntime.ts";
import { createDryRun, createWrangler, DeployError } from "./deploy/wrangler.ts";
import { importDefaultModel } from "./dev/default-model.ts";
import { createOutput } from "./dev/output.ts";
import { root, stateFolder } from "./dev/paths.ts";

const USAGE_STATUS = 2;
const keyFile = join(stateFolder, "deployment.json");

try {
  const { "dry-run": dryRun, "without-onnxruntime": isKernelOnly } = parseArgs({
    options: {
      "dry-run": { type: "boolean", default: false },
      "without-onnxruntime": { type: "boolean", default: false },
    },
  }).values;
  const output = createOutput(process.stdout);
  const print = (line: string) => output.line(line);
  await deploy({
    wrangler: dryRun ? createDryRun(print) : createWrangler(root),
    root,
    dryRun,
    workerOptions: isKernelOnly ? withoutOnnxruntime : [],
    keyFile,
    modelFolder: () => importDefaultModel(output),
    print,
  });
  if (!dryRun) {
    print(`Deployed. Where the admin key is a new one, it is in ${keyFile}; make keys with it:`);
    print(
      "  FOREWORD_URL=https://... FOREWORD_ADMIN_KEY=... npx foreword keys create shop --organization acme",
    );
    print("A trainer needs one with --scope trainer; see trainer/deploy/README.md");
  }
} catch (error) {
  const isUsage = error instanceof TypeError && "code" in error;
  if (!(error instanceof DeployError) && !isUsage) throw error;
  console.error(error.message);
  process.exitCode = isUsage ? USAGE_STATUS : 1;
}
