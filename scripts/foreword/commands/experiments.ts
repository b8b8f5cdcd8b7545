import type { Command } from "commander";
import { z } from "zod";
import { metricKindSchema, type MetricKind } from "../../../shared/contracts/experiment.ts";
import { connect, group, leaf, wholeNumber, type CommonOptions } from "../command.ts";
import { CliError, exitCodes } from "../exit-codes.ts";
import { fields, percent, print, printJson, table, when } from "../output.ts";
import { experimentShape } from "../shapes.ts";

const resultsShape = z.looseObject({});
type Experiment = z.infer<typeof experimentShape>;

interface CreateOptions extends CommonOptions {
  readonly variant: { key: string; model: string }[];
  readonly metric: { key: string; kind?: MetricKind }[];
  readonly policy?: string;
  readonly draft?: boolean;
}

/** `foreword experiments`: A/B tests of models. */
export function addExperiments(program: Command): void {
  const experiments = group(program, "experiments", "Compare models on real traffic", "experiments ls");

  leaf(experiments, "create <name>", "Create an experiment and start it; the first variant is the control", [
    "experiments create spam-test --variant control=minimind2-small --variant tuned=$MODEL --metric clicked=binary",
  ])
    .requiredOption("--variant <key=model>", "a model and its name in the experiment; repeat it", variant, [])
    .option("--metric <key[=kind]>", "what is counted; repeat it, the first is decisive", metric, [])
    .option("--policy <policy>", "who changes the shares: fixed, canary, bandit or shadow")
    .option("--draft", "do not start it yet")
    .action(
      async (name: string, { variant: variants, metric: metrics, policy, draft, json }: CreateOptions) => {
        const body = {
          name,
          variants,
          metrics: metrics.map((one, i) => ({ ...one, role: i === 0 ? "primary" : "secondary" })),
          policy,
          start: !draft,
        };
        show(await connect().call("v1/experiments", experimentShape, { method: "POST", body }), json);
      },
    );

  leaf(experiments, "ls", "List experiments, newest first", ["experiments ls"])
    .option("--limit <n>", "how many", wholeNumber(), 20)
    .action(async ({ json, limit }: CommonOptions & { limit: number }) => {
      const data = await connect().list("v1/experiments", experimentShape, limit);
      if (json) {
        printJson({ object: "list", data });
        return;
      }
      const rows = data.map((one) => ({
        id: one.id,
        name: one.name,
        status: one.status,
        serving: one.serving,
        created: when(one.created_at),
      }));
      print(table(rows, "No experiments"));
    });

  leaf(experiments, "show <experiment>", "Show an experiment by id or name; with --json its results too", [
    "experiments show spam-test",
    "experiments show spam-test --json | jq .results",
  ]).action(async (id: string, { json }: CommonOptions) => {
    const client = connect();
    const experiment = await client.call(pathOf(id), experimentShape);
    if (!json) show(experiment, false);
    else printJson({ ...experiment, results: await client.call(`${pathOf(id)}/results`, resultsShape) });
  });

  leaf(experiments, "promote <experiment> <variant>", "End an experiment: its name serves the variant", [
    "experiments promote spam-test tuned",
  ]).action(async (id: string, key: string, { json }: CommonOptions) => {
    const request = { method: "POST", body: { variant: key } } as const;
    show(await connect().call(`${pathOf(id)}/promote`, experimentShape, request), json);
  });

  leaf(
    experiments,
    "rollback <experiment>",
    "End an experiment or undo its promotion: its name serves the control",
    ["experiments rollback spam-test"],
  ).action(async (id: string, { json }: CommonOptions) => {
    const request = { method: "POST", body: {} } as const;
    show(await connect().call(`${pathOf(id)}/roll_back`, experimentShape, request), json);
  });
}

function variant(text: string, earlier: CreateOptions["variant"]): CreateOptions["variant"] {
  const [key, ...model] = text.split("=");
  if (key && model.length > 0) return [...earlier, { key, model: model.join("=") }];
  throw new CliError(`Found --variant "${text}", wanted key=model`, exitCodes.usage);
}

function metric(text: string, earlier: CreateOptions["metric"]): CreateOptions["metric"] {
  const [key = "", kind] = text.split("=");
  return [...earlier, kind === undefined ? { key } : { key, kind: parseKind(text, kind) }];
}

function parseKind(text: string, kind: string): MetricKind {
  const parsed = metricKindSchema.safeParse(kind);
  if (parsed.success) return parsed.data;
  const wanted = metricKindSchema.options.join(", ");
  throw new CliError(`Found --metric "${text}", wanted key=kind of kind ${wanted}`, exitCodes.usage);
}

function show(experiment: Experiment, json: boolean | undefined): void {
  if (json) {
    printJson(experiment);
    return;
  }
  const { id, name, status, serving, verdict, created_at: created } = experiment;
  const variants = experiment.variants.map(({ key, model, weight }) => ({
    key,
    share: percent(weight),
    model,
  }));
  const head = fields({ id, name, status, serving, verdict, created: when(created) });
  print(`${head}\n\n${table(variants, "No variants")}`);
}

function pathOf(id: string): string {
  return `v1/experiments/${encodeURIComponent(id)}`;
}
