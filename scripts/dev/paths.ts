import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root = fileURLToPath(new URL("../../", import.meta.url));
/** Everything that a local stack leaves behind; removing it starts afresh. Tests have stacks of their own elsewhere. */
export const stateFolder = process.env["FOREWORD_STATE"] ?? join(root, ".foreword");
export const logFolder = join(stateFolder, "logs");
export const credentialsFile = join(stateFolder, "credentials.json");
