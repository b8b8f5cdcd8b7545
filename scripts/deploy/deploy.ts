import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureAdminKey } from "./admin-key.ts";
import { ensureBaseModel } from "./base-model.ts";
import { readNames, withDatabase } from "./names.ts";
import { ensureBucket, ensureDatabase, ensureNotification, ensureQueue, type Outcome } from "./resources.ts";
import { DeployError, must, type Wrangler } from "./wrangler.ts";

export interface DeployOptions {
  readonly wrangler: Wrangler;
  readonly root: string;
  readonly dryRun: boolean;
  /** More options for `wrangler deploy`. */
  readonly workerOptions: readonly string[];
  /** Where a new admin key is kept. */
  readonly keyFile: string;
  /** Folder of the base model's bundle; asked for when its turn comes. */
  modelFolder(): Promise<string>;
  print(line: string): void;
}

/** In a dry run nothing tells the id of a database that is still to be made. */
const UNKNOWN_ID = "00000000-0000-0000-0000-000000000000";

/**
 * Sets up everything that wrangler.toml names, and the Worker. Every step looks first and makes only what is not there, so
 * that it can be run again after a failure, or with a new version. Throws DeployError.
 */
export async function deploy(options: DeployOptions): Promise<void> {
  const { wrangler, root, dryRun, print } = options;
  const file = join(root, "wrangler.toml");
  const names = readNames(file);
  const step = async (title: string, run: () => Promise<Outcome | "done">) => {
    print(title);
    const outcome = await run();
    if (!dryRun) print(`  ${outcome}`);
  };

  await step(`R2 bucket "${names.bucket}"`, () => ensureBucket(wrangler, names));
  let id: string | null = null;
  await step(`D1 database "${names.database}"`, async () => {
    const found = await ensureDatabase(wrangler, names);
    id = found.id;
    return found.outcome;
  });
  if (id === null && !dryRun)
    throw new DeployError(`D1 has no database "${names.database}" after it was created`);
  for (const queue of names.queues) await step(`Queue "${queue}"`, () => ensureQueue(wrangler, queue));
  await step(`Event notifications of "${names.bucket}" to "${names.eventQueue}"`, () =>
    ensureNotification(wrangler, names),
  );

  // Beside wrangler.toml, because the paths in it are relative to the file.
  const config = join(root, "wrangler.deploy.toml");
  writeFileSync(config, withDatabase(file, names, id ?? UNKNOWN_ID));
  const flags = ["--config", "wrangler.deploy.toml"];
  try {
    await step("Database migrations", async () => {
      await must(wrangler, ["d1", "migrations", "apply", names.database, "--remote", ...flags]);
      return "done";
    });
    await step("Base model", async () =>
      ensureBaseModel(wrangler, names.bucket, await options.modelFolder()),
    );
    await step("Worker", async () => {
      const said = await must(wrangler, ["deploy", ...flags, ...options.workerOptions]);
      const address = /https:\/\/\S+/.exec(said)?.[0];
      if (address !== undefined) print(`  ${address}`);
      return "done";
    });
    await step('Secret "ADMIN_KEY"', () =>
      ensureAdminKey(wrangler, flags, { file: options.keyFile, dryRun }),
    );
  } finally {
    rmSync(config, { force: true });
  }
}
