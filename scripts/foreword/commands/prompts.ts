import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { Option, type Command } from "commander";
import { promptFiles } from "../../../shared/contracts/job.ts";
import { peftFields } from "../../../shared/formats/peft.ts";
import { connect, group, leaf, wholeNumber, type CommonOptions } from "../command.ts";
import { CliError, exitCodes } from "../exit-codes.ts";
import { note, print, printJson, table, when } from "../output.ts";
import { promptShape } from "../shapes.ts";

interface ImportOptions extends CommonOptions {
  readonly model: string;
  readonly suffix?: string;
  readonly format?: string;
  readonly labels?: string[];
}

/** `foreword prompts`: soft prompts as Hugging Face PEFT reads and writes them. */
export function addPrompts(program: Command): void {
  const prompts = group(program, "prompts", "List, import and export soft prompts", "prompts ls");

  leaf(prompts, "ls", "List soft prompts, newest first", ["prompts ls"])
    .option("--limit <n>", "how many", wholeNumber(), 20)
    .option("--quiet", "ids only, one a line")
    .action(async ({ json, limit, quiet }: CommonOptions & { limit: number; quiet?: boolean }) => {
      const data = await connect().list("v1/prompts", promptShape, limit);
      if (json) {
        printJson({ object: "list", data });
        return;
      }
      if (quiet) {
        for (const { id } of data) print(id);
        return;
      }
      const rows = data.map((prompt) => ({
        id: prompt.id,
        method: prompt.method,
        tokens: String(prompt.virtual_tokens),
        created: when(prompt.created_at),
        model: prompt.model,
      }));
      print(table(rows, "No soft prompts"));
    });

  leaf(prompts, "import <folder>", "Register the adapter of a folder that PEFT saved", [
    "prompts import ./adapter --model minimind2-small --suffix tone",
  ])
    .requiredOption("--model <model>", "the base model that it was tuned on")
    .option("--suffix <suffix>", "part of the tuned model's name")
    .addOption(
      new Option("--format <format>", "rows that it was tuned on").choices([
        "messages",
        "completion",
        "label",
      ]),
    )
    .option("--labels <label...>", "labels that it was tuned on")
    .action(async (folder: string, { model, suffix, format, labels, json }: ImportOptions) => {
      const form = new FormData();
      form.set(peftFields.config, await fileOf(join(folder, promptFiles.adapterConfig)));
      form.set(peftFields.model, await fileOf(join(folder, promptFiles.adapterModel)));
      form.set("base_model", model);
      if (suffix !== undefined) form.set("suffix", suffix);
      if (format !== undefined) form.set("row_format", format);
      if (labels !== undefined) form.set("labels", JSON.stringify(labels));
      const prompt = await connect().call("v1/prompts", promptShape, { method: "POST", form });
      if (json) printJson(prompt);
      else print(prompt.model);
    });

  leaf(prompts, "export <prompt>", "Download a soft prompt as a folder that PEFT loads", [
    "prompts export sp_01J... --to ./adapter",
  ])
    .option("--to <folder>", "where to; a folder of the prompt's name")
    .action(async (id: string, { to = id, json }: CommonOptions & { to?: string }) => {
      const client = connect();
      const path = `v1/prompts/${encodeURIComponent(id)}`;
      const prompt = await client.call(path, promptShape);
      await mkdir(to, { recursive: true });
      for (const { name, sha256 } of prompt.files) {
        const response = await client.fetch(`${path}/files/${encodeURIComponent(name)}`);
        const bytes = new Uint8Array(await response.arrayBuffer());
        const digest = createHash("sha256").update(bytes).digest("hex");
        if (digest !== sha256) {
          throw new CliError(`"${name}" has digest ${digest}, wanted ${sha256}`, exitCodes.tryAgain);
        }
        // The name is the server's: it must not lead out of the folder.
        await writeFile(join(to, basename(name)), bytes);
        note(`${join(to, basename(name))} (${bytes.length} bytes)`);
      }
      if (json) printJson(prompt);
    });
}

async function fileOf(path: string): Promise<File> {
  return new File([new Uint8Array(await readFile(path))], basename(path));
}
