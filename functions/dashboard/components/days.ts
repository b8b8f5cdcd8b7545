import type uPlot from "uplot";
import type { Axis, Series } from "uplot";

/** Midnight of a day, in seconds since 1970. Days are UTC's, wherever they are looked at. */
export const secondsOfDay = (day: string) => Date.parse(day) / 1000;

/** For a plot over days. */
export const inUtc = (library: typeof uPlot) => ({
  tzDate: (seconds: number) => library.tzDate(new Date(seconds * 1000), "Etc/UTC"),
});
export const dayAxis: Axis = {
  incrs: [1, 2, 7, 30].map((days) => days * 86_400),
  values: "{MMM} {D}",
  space: 64,
};
export const daySeries = (label: string): Series => ({ label, value: "{YYYY}-{MM}-{DD}" });
