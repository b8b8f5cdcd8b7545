import type { Command } from "commander";
import { connect, group, leaf, type CommonOptions } from "../command.ts";
import { percent, print, printJson, table, when } from "../output.ts";
import { deletedShape, modelListShape } from "../shapes.ts";

interface ListOptions extends CommonOptions {
  readonly tuned?: boolean;
  readonly quiet?: boolean;
}

/** `foreword models`: base models and tuned ones. */
export function addModels(program: Command): void {
  const models = group(program, "models", "List and delete models", "models ls");

  leaf(models, "ls", "List base models and tuned models", ["models ls", "models ls --tuned --quiet"])
    .option("--tuned", "tuned models only, newest first")
    .option("--quiet", "names only, one a line")
    .action(async ({ json, tuned, quiet }: ListOptions) => {
      const answer = await connect().call("v1/models", modelListShape);
      const data = answer.data.filter((model) => !tuned || model.base_model !== undefined);
      if (json) {
        printJson({ ...answer, data });
        return;
      }
      if (quiet) {
        for (const { id } of data) print(id);
        return;
      }
      const rows = data.map((model) => ({
        id: model.id,
        owner: model.owned_by,
        created: when(model.created),
        accuracy: percent(model.evaluation?.tuned.accuracy),
      }));
      print(table(rows, "No models"));
    });

  leaf(models, "rm <model>", "Delete a tuned model", [
    "models rm ft:minimind2-small:local:spam:sp_01J...",
  ]).action(async (model: string, { json }: CommonOptions) => {
    const path = `v1/models/${encodeURIComponent(model)}`;
    const answer = await connect().call(path, deletedShape, { method: "DELETE" });
    if (json) printJson(answer);
    else print(`Deleted ${answer.id}`);
  });
}
