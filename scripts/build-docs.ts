/** `node scripts/build-docs.ts <folder>`: builds the API reference and the guides into a folder of assets. */
import { buildDocs } from "./docs/build-docs.ts";

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error("Usage: node scripts/build-docs.ts <folder>");
  process.exitCode = 2;
} else await buildDocs(folder);
