/** `node scripts/generate-client.ts`: writes the client's types from the API document; `--check` says whether they are current. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./dev/paths.ts";
import { apiDocument } from "./docs/api-document.ts";
import { clientTypes } from "./docs/client-types.ts";

const file = join(root, "scripts/client/schema.d.ts");
const head = "// Made from the API document by `node scripts/generate-client.ts`.\n";
const wanted = head + (await clientTypes(apiDocument()));
if (!process.argv.includes("--check")) writeFileSync(file, wanted);
else if (readFileSync(file, "utf8") !== wanted) {
  console.error(`"${file}" is not what the API document says; run \`node scripts/generate-client.ts\``);
  process.exitCode = 1;
}
