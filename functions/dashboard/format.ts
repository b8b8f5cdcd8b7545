/** Numbers, sizes and times as people read them. */
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const moment = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium" });

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

export const count = (value: number) => whole.format(value);
/** `2 rows`, `1 row`. */
export const plural = (value: number, noun: string) => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
export const percent = (share: number | null | undefined, digits = 1) =>
  share == null ? "–" : `${(share * 100).toFixed(digits)} %`;
/** With its sign: a change. */
export const change = (share: number | null | undefined, digits = 1) =>
  share == null ? "–" : `${share > 0 ? "+" : share < 0 ? "−" : "±"}${percent(Math.abs(share), digits)}`;
export const decimal = (value: number | null | undefined, digits = 3) =>
  value == null ? "–" : value.toFixed(digits);

export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  const [scaled, unit] = size < 1e6 ? [size / 1e3, "kB"] : [size / 1e6, "MB"];
  return `${scaled.toFixed(scaled < 10 ? 1 : 0)} ${unit}`;
}

export function duration(seconds: number | null | undefined): string {
  if (seconds == null) return "–";
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `5 minutes ago`; `time` in seconds since 1970. */
export function ago(time: number, now = Date.now() / 1000): string {
  const passed = Math.max(0, now - time);
  const [unit, length] = STEPS.find(([, size]) => passed >= size) ?? ["second", 1];
  return relative.format(-Math.round(passed / length), unit);
}

export const dateAndTime = (time: number) => moment.format(time * 1000);

/** The part of a tuned model's name that people chose: `ft:<base>:<organization>:<suffix>:<id>`. */
export function shortModel(model: string): string {
  const [kind, , , suffix] = model.split(":");
  return kind === "ft" && suffix !== undefined ? suffix : model;
}

/** Ids are told apart by their ends. */
export const shortId = (id: string) => `${id.slice(0, id.indexOf("_") + 1)}…${id.slice(-6)}`;

/** Labels are completions, which begin with a space. */
export const labelText = (label: string) => label.trim() || JSON.stringify(label);

/** `keep_collecting` as a heading. */
export function words(code: string): string {
  const text = code.replaceAll(/[_-]/g, " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
