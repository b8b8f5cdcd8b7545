import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root = fileURLToPath(new URL("../../", import.meta.url));
/** Everything that a local stack leaves behind; removing it starts afresh. */
export const stateFolder = join(root, ".foreword");
export const logFolder = join(stateFolder, "logs");
export const credentialsFile = join(stateFolder, "credentials.json");
