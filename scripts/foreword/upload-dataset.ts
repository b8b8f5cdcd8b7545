import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { tuneSettingsSchema } from "../../shared/contracts/job.ts";
import { SLUG } from "../../shared/ids.ts";
import type { Client } from "./client.ts";
import { errorLines } from "./dataset-text.ts";
import { CliError, exitCodes } from "./exit-codes.ts";
import { datasetShape, type Dataset } from "./shapes.ts";

/** The API takes 16 MB of JSON, in which quotes and line ends take up more than they do in the file. */
const MAX_CONTENT_BYTES = 12 * 1024 * 1024;
/** What `tune.json` may hold; whatever is left out, the trainer chooses. */
export type Settings = z.input<typeof tuneSettingsSchema>;
const uploadShape = z.looseObject({ url: z.url(), direct: z.boolean().default(false) });
/** A bucket's event takes seconds, the scheduled run that stands in for a lost one a minute. */
const REGISTRATION_MS = 150_000;
const POLL_MS = 1000;

export interface DatasetFiles {
  readonly name: string;
  /** Path of `train.jsonl`. */
  readonly train: string;
  /** Path of `valid.jsonl`. */
  readonly valid?: string | undefined;
  /** Path of `test.jsonl`. */
  readonly test?: string | undefined;
  readonly settings?: Settings | undefined;
  readonly tune: boolean;
}

/**
 * Uploads a dataset and has it checked. Large ones go to a URL of their own. Throws CliError (validation) when the server
 * refuses it, with the bad lines.
 */
export async function uploadDataset(client: Client, files: DatasetFiles): Promise<Dataset> {
  const { name, settings, tune, valid, test } = files;
  if (!SLUG.test(name)) {
    throw new CliError(
      `The dataset's name is "${name}", wanted lower-case letters, digits and -, at most 63`,
      exitCodes.usage,
    );
  }
  const content = await readFile(files.train);
  const others = {
    validation_rows: valid === undefined ? undefined : await readRows(valid),
    test_rows: test === undefined ? undefined : await readRows(test),
  };
  const dataset =
    content.length <= MAX_CONTENT_BYTES
      ? await client.call("v1/datasets", datasetShape, {
          method: "POST",
          body: { name, content: content.toString("utf8"), ...others, settings, tune },
        })
      : await uploadLarge(client, files, content);
  if (dataset.status === "accepted") return dataset;
  const bad = errorLines({ errors: dataset.errors, errorCount: dataset.error_count });
  throw new CliError(
    [`Dataset "${name}" was refused, it has ${dataset.error_count} bad lines`, ...bad].join("\n"),
    exitCodes.validation,
    { code: "dataset_refused" },
  );
}

async function uploadLarge(client: Client, files: DatasetFiles, content: Buffer): Promise<Dataset> {
  const { name, settings, tune } = files;
  const rowsOf = async (file: string | undefined) => (file === undefined ? undefined : readRows(file));
  const others = { validation_rows: await rowsOf(files.valid), test_rows: await rowsOf(files.test) };
  const body = { name, settings, tune, ...others };
  const { url, direct } = await client.call("v1/datasets", uploadShape, { method: "POST", body });
  const bytes = new Uint8Array(content);
  if (!direct) return client.call(new URL(url).pathname, datasetShape, { method: "PUT", bytes });
  const response = await fetch(url, { method: "PUT", body: bytes });
  if (!response.ok)
    throw new CliError(`The bucket answered ${response.status} to the upload`, exitCodes.failed);
  return registered(client, name, (response.headers.get("etag") ?? "").replaceAll('"', ""));
}

/** The dataset version, once the bucket's event has had it checked. */
async function registered(client: Client, name: string, etag: string): Promise<Dataset> {
  const page = z.looseObject({ data: z.array(datasetShape) });
  for (const deadline = Date.now() + REGISTRATION_MS; Date.now() < deadline; await sleep(POLL_MS)) {
    const { data } = await client.call("v1/datasets", page, { query: { name, limit: "10" } });
    const version = data.find((one) => one.version === etag);
    if (version) return version;
  }
  throw new CliError(`"${name}" is in the bucket, but no event of it has arrived yet`, exitCodes.tryAgain);
}

async function readRows(file: string): Promise<unknown[]> {
  const lines = (await readFile(file, "utf8")).split("\n");
  return lines.flatMap((line, i): unknown[] => {
    if (line.trim() === "") return [];
    try {
      return [JSON.parse(line) as unknown];
    } catch (cause) {
      throw new CliError(`"${file}" line ${i + 1} is not JSON`, exitCodes.validation, { cause });
    }
  });
}

/** Reads a `tune.json`. Throws CliError (validation). */
export async function readSettings(file: string): Promise<Settings> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, "utf8"));
  } catch (cause) {
    if (cause instanceof SyntaxError)
      throw new CliError(`"${file}" is not JSON: ${cause.message}`, exitCodes.validation, { cause });
    throw cause;
  }
  tuneSettingsSchema.parse(json);
  // As it was written: defaults are the server's to fill in.
  return json as Settings;
}
