import { styleText } from "node:util";

/** Data, for people or for pipes, goes to stdout; all else to stderr. */
export function print(text: string): void {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
}

/** One value as JSON on one line. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

/** A line about what is going on. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

type Style = Parameters<typeof styleText>[0];

/** Colour where the stream is a terminal and NO_COLOR is not set. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream });
}

/** Columns that line up, under the names of the fields; a sentence where there are no rows. */
export function table(rows: readonly Readonly<Record<string, string>>[], empty: string): string {
  const [first] = rows;
  if (!first) return empty;
  const names = Object.keys(first);
  const widths = names.map((name) => Math.max(name.length, ...rows.map((row) => (row[name] ?? "").length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd();
  const head = paint("bold", line(names.map((name) => name.toUpperCase())));
  return [head, ...rows.map((row) => line(names.map((name) => row[name] ?? "")))].join("\n");
}

/** Names and values, one a line. */
export function fields(values: Readonly<Record<string, string | number | null | undefined>>): string {
  const shown = Object.entries(values).filter(([, value]) => value !== null && value !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${paint("bold", name.padEnd(width))}  ${value}`).join("\n");
}

/** Seconds since 1970 as a date that sorts. */
export function when(seconds: number | null): string {
  if (seconds === null) return "";
  return new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, "2026-01-01 00:00:00".length);
}

/** A share as a percentage. */
export function percent(share: number | null | undefined): string {
  return share === null || share === undefined ? "" : `${(100 * share).toFixed(1)} %`;
}
