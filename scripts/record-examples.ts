/** `node scripts/record-examples.ts`: calls every operation of the API and writes the examples of its document anew. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { uploadBundle } from "../trainer/model/bundle.ts";
import { importDefaultModel } from "./dev/default-model.ts";
import { createOutput } from "./dev/output.ts";
import { root } from "./dev/paths.ts";
import { recordExamples } from "./docs/record-examples.ts";
import { createNodeDeps } from "./serve-node/deps.ts";
import { createFileStore } from "./serve-node/file-store.ts";

const folder = mkdtempSync(join(tmpdir(), "foreword-examples-"));
try {
  const bucket = createFileStore(join(folder, "bucket"));
  await uploadBundle(bucket, await importDefaultModel(createOutput(process.stderr)));
  const deps = createNodeDeps({
    bucket,
    folder,
    adminKey: "fw_admin-key-of-the-examples",
    engine: { threads: 1 },
  });
  const examples = await recordExamples({ ...deps, log: () => undefined });
  writeFileSync(join(root, "functions/openapi/examples.json"), `${JSON.stringify(examples, null, 2)}\n`);
  process.stderr.write(`Recorded ${Object.keys(examples).length} operations\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
