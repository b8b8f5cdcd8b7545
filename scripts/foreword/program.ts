import { Command } from "commander";
import { addChat } from "./commands/chat.ts";
import { addClassify } from "./commands/classify.ts";
import { addCompletion } from "./commands/completion.ts";
import { addDatasets } from "./commands/datasets.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addEval } from "./commands/eval.ts";
import { addExperiments } from "./commands/experiments.ts";
import { addJobs } from "./commands/jobs.ts";
import { addKeys } from "./commands/keys.ts";
import { addLogin } from "./commands/login.ts";
import { addModels } from "./commands/models.ts";
import { addPrompts } from "./commands/prompts.ts";
import { addTune } from "./commands/tune.ts";
import packageJson from "../../package.json" with { type: "json" };

const ENDING = `
Credentials come from FOREWORD_URL and FOREWORD_API_KEY, else from "foreword login", else from the local stack's
.foreword/credentials.json. Keys are never arguments.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no or wrong key, 4 not found, 5 refused, 75 try again later.

Example:
  $ foreword tune train.jsonl --name spam --watch`;

/** The tree of all commands. Errors of usage are thrown as CommanderError. */
export function createProgram(): Command {
  const program = new Command("foreword")
    .description("Tune soft prompts on your data, and call them")
    .version(packageJson.version)
    .exitOverride()
    .showHelpAfterError('("--help" shows examples)')
    .addHelpText("after", ENDING);
  addLogin(program);
  addDoctor(program);
  addDatasets(program);
  addTune(program);
  addJobs(program);
  addModels(program);
  addChat(program);
  addClassify(program);
  addEval(program);
  addPrompts(program);
  addExperiments(program);
  addKeys(program);
  addCompletion(program);
  return program;
}
