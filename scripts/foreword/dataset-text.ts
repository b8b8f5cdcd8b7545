import type { RowError, TokenStatistics } from "../../shared/contracts/dataset.ts";
import { fields, paint } from "./output.ts";

/** What both a validation report and a dataset of the API say. */
export interface DatasetFacts {
  readonly rows: number;
  readonly format: string | null;
  readonly labels: Readonly<Record<string, number>> | null;
  readonly tokens?: TokenStatistics | null | undefined;
  readonly errorCount: number;
  readonly errors: readonly RowError[];
}

/** A dataset's facts for people: rows, labels, tokens, and what is wrong, line by line. */
export function datasetText(facts: DatasetFacts, head: Readonly<Record<string, string>> = {}): string {
  const { tokens } = facts;
  const lines = fields({
    ...head,
    rows: facts.rows,
    format: facts.format,
    labels: facts.labels && labelsText(facts.labels),
    tokens: tokens && `${tokens.p50} in the median row, ${tokens.max} in the longest one sampled`,
    errors: facts.errorCount,
  });
  return [lines, ...errorLines(facts)].join("\n");
}

/** The bad lines of a dataset, as far as they are listed. */
export function errorLines({ errors, errorCount }: Pick<DatasetFacts, "errors" | "errorCount">): string[] {
  const listed = errors.map(
    ({ line, code, message }) => `  line ${line}: ${paint("yellow", code)}: ${message}`,
  );
  return errorCount > errors.length ? [...listed, `  and ${errorCount - errors.length} more`] : listed;
}

function labelsText(labels: Readonly<Record<string, number>>): string {
  return Object.entries(labels)
    .map(([label, count]) => `${JSON.stringify(label)} ${count}`)
    .join(", ");
}
