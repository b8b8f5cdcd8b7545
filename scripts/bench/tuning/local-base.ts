import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ObjectStore } from "../../../shared/ports/object-store.ts";
import { loadBaseModel, type BaseModel } from "../../../trainer/base-model.ts";
import { uploadBundle } from "../../../trainer/model/bundle.ts";
import { DEFAULT_MODEL } from "../../../trainer/model/minimind.ts";
import { importDefaultModel } from "../../dev/default-model.ts";
import { createFileStore } from "../../serve-node/file-store.ts";

/** A bucket in a temporary folder that holds the default base model, and a folder for its weights. */
export async function localBase(): Promise<{ store: ObjectStore; workDirectory: string }> {
  const quiet = { line: () => undefined, heading: () => undefined, progress: () => undefined };
  const folder = await importDefaultModel(quiet);
  const workDirectory = await mkdtemp(join(tmpdir(), "foreword-bench-"));
  const store = createFileStore(join(workDirectory, "bucket"));
  await uploadBundle(store, folder);
  return { store, workDirectory };
}

/** The default base model on disk. */
export async function defaultBase(): Promise<BaseModel> {
  const { store, workDirectory } = await localBase();
  return loadBaseModel(store, DEFAULT_MODEL, workDirectory);
}
