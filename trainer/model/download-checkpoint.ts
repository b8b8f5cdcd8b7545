import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UnavailableError } from "../../shared/errors.ts";
import { INDEX_FILE, shardsOf, SINGLE_FILE } from "./safetensors-checkpoint.ts";

export interface DownloadOptions {
  /** Models are kept here, and not fetched again. */
  readonly folder: string;
  /** The Hub's address; `HF_ENDPOINT` names another. */
  readonly endpoint?: string;
  /** For models whose licence has to be agreed to; `HF_TOKEN` by default. */
  readonly token?: string | undefined;
  /** Called with every file that begins. */
  onFile?(file: string, bytes: number): void;
}

/** The Hub cannot be reached, or does not give a file. */
export class DownloadError extends UnavailableError {}

const REQUIRED = ["config.json", "tokenizer.json"];
const OPTIONAL = ["tokenizer_config.json", "generation_config.json", "chat_template.jinja", "README.md"];

/**
 * Fetches what an import needs of a Hugging Face model, and gives its folder. Files that are there already are left alone;
 * a file appears when it is whole. Throws DownloadError.
 */
export async function downloadCheckpoint(id: string, options: DownloadOptions): Promise<string> {
  const folder = join(options.folder, id.replace("/", "--"));
  await mkdir(folder, { recursive: true });
  const fetchFile = (file: string) => download(id, file, join(folder, file), options);
  const require = async (file: string) => {
    if (!(await fetchFile(file))) throw new DownloadError(`"${id}" has no "${file}"`);
  };
  for (const file of REQUIRED) await require(file);
  for (const file of OPTIONAL) await fetchFile(file);
  if (await fetchFile(SINGLE_FILE)) return folder;
  await require(INDEX_FILE);
  const shards = new Set(Object.values(shardsOf(await readFile(join(folder, INDEX_FILE), "utf8"))));
  for (const file of shards) await require(file);
  return folder;
}

/** Whether there is such a file. */
async function download(id: string, file: string, path: string, options: DownloadOptions): Promise<boolean> {
  if (existsSync(path)) return true;
  const { HF_ENDPOINT = "https://huggingface.co", HF_TOKEN } = process.env;
  const { endpoint = HF_ENDPOINT, token = HF_TOKEN, onFile } = options;
  const url = `${endpoint}/${id}/resolve/main/${file}`;
  try {
    const response = await fetch(
      url,
      token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
    );
    if (response.status === 404) return false;
    if (!response.ok || !response.body)
      throw new DownloadError(`"${url}" answers with status ${response.status}`);
    onFile?.(file, Number(response.headers.get("content-length") ?? 0));
    await writeFile(`${path}.part`, response.body);
  } catch (cause) {
    if (cause instanceof DownloadError) throw cause;
    throw new DownloadError(`Cannot fetch "${url}"; a folder with the model's files will do as well`, {
      cause,
    });
  }
  await rename(`${path}.part`, path);
  return true;
}
