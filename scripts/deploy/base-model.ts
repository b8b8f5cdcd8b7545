import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { bundleFiles, modelKey, modelManifestSchema } from "../../shared/contracts/model.ts";
import { parseJson, type Outcome } from "./resources.ts";
import { ask, must, type Wrangler } from "./wrangler.ts";

/** Puts a base model's bundle into the bucket, its manifest last, unless that very bundle lies there. */
export async function ensureBaseModel(wrangler: Wrangler, bucket: string, folder: string): Promise<Outcome> {
  const manifest = modelManifestSchema.parse(
    JSON.parse(await readFile(join(folder, bundleFiles.manifest), "utf8")),
  );
  const place = (file: string) => `${bucket}/${modelKey(manifest.name, file)}`;
  const there = await ask(wrangler, [
    "r2",
    "object",
    "get",
    place(bundleFiles.manifest),
    "--remote",
    "--pipe",
  ]);
  const known = modelManifestSchema.safeParse(parseJson(there ?? ""));
  if (known.success && JSON.stringify(known.data.files) === JSON.stringify(manifest.files))
    return "there already";
  for (const file of [...Object.keys(manifest.files), bundleFiles.manifest])
    await must(wrangler, ["r2", "object", "put", place(file), "--file", join(folder, file), "--remote"]);
  return "created";
}
