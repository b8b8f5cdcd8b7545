import { Option, type Command } from "commander";
import { z } from "zod";
import { scopeSchema } from "../../../shared/contracts/key.ts";
import { connectAsAdmin, group, leaf, wholeNumber, type CommonOptions } from "../command.ts";
import { note, print, printJson, table, when } from "../output.ts";
import { deletedShape, keyShape } from "../shapes.ts";

interface CreateOptions extends CommonOptions {
  readonly organization?: string;
  readonly scope?: string[];
  readonly requestsPerMinute?: number;
}

/** `foreword keys`: needs a key with the scope "admin"; FOREWORD_ADMIN_KEY goes before the usual one. */
export function addKeys(program: Command): void {
  const keys = group(program, "keys", "Create, list and revoke API keys", "keys ls");

  leaf(keys, "create <name>", "Create an API key; it is printed now and never again", [
    'keys create "Web shop" > key.txt',
    "keys create trainer --organization local --scope trainer",
  ])
    .option("--organization <name>", "whose key; that of the key used")
    .addOption(new Option("--scope <scope...>", "what it may do").choices(scopeSchema.options))
    .option("--requests-per-minute <n>", "a limit of its own", wholeNumber())
    .action(async (name: string, { organization, scope, requestsPerMinute, json }: CreateOptions) => {
      const body = { name, organization, scopes: scope, requests_per_minute: requestsPerMinute };
      const shape = keyShape.extend({ key: z.string() });
      const made = await connectAsAdmin().call("v1/keys", shape, { method: "POST", body });
      note(`Created ${made.id} of organization "${made.organization}" (${made.scopes.join(", ")})`);
      if (json) printJson(made);
      else print(made.key);
    });

  leaf(keys, "ls", "List live keys", ["keys ls --json"]).action(async ({ json }: CommonOptions) => {
    const answer = await connectAsAdmin().call("v1/keys", z.looseObject({ data: z.array(keyShape) }));
    if (json) {
      printJson(answer);
      return;
    }
    const rows = answer.data.map((key) => ({
      id: key.id,
      name: key.name,
      hint: `...${key.hint}`,
      used: when(key.last_used_at),
      scopes: key.scopes.join(","),
    }));
    print(table(rows, "No keys"));
  });

  leaf(keys, "revoke <key>", "End a key at once, by its id", ["keys revoke key_01J..."]).action(
    async (id: string, { json }: CommonOptions) => {
      const path = `v1/keys/${encodeURIComponent(id)}`;
      const answer = await connectAsAdmin().call(path, deletedShape, { method: "DELETE" });
      if (json) printJson(answer);
      else print(`Revoked ${answer.id}`);
    },
  );
}
