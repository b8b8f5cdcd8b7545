/** As ids are long: a prefix and a ULID, with the step behind it where it names an earlier step's prompt. */
const ID = /\b([a-z]+)_[0-9A-HJKMNP-TV-Z]{26}(S\d+)?\b/g;
const ULID_LENGTH = 26;
/** 1 January 2026, in seconds since 1970. */
const TIME = 1_767_225_600;
const DECIMALS = 4;

/**
 * Gives a function that replaces what differs from run to run: ids are counted, keys and secrets are made up, times are
 * one and the same, and numbers are rounded.
 */
export function createExampleNames(): <T>(value: T) => T {
  const known = new Map<string, string>();
  const nameOf = (id: string, prefix: string): string => {
    const name = known.get(id) ?? `${prefix}_01${String(known.size + 1).padStart(ULID_LENGTH - 2, "0")}`;
    known.set(id, name);
    return name;
  };
  const inText = (text: string): string =>
    text
      .replaceAll(
        ID,
        (id, prefix: string, step: string | undefined) =>
          nameOf(id.slice(0, id.length - (step?.length ?? 0)), prefix) + (step ?? ""),
      )
      .replaceAll(/fw_[\w-]{20,}/g, "fw_example")
      .replaceAll(/whsec_[\w+/=]+/g, "whsec_ZXhhbXBsZS1zZWNyZXQ=")
      .replaceAll(/uploads\/[\w-]{20,}/g, "uploads/up_example")
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "2026-01-01T00:00:00Z");
  const rename = (value: unknown, key = ""): unknown => {
    if (typeof value === "string")
      return key === "hint" ? "fw_...mple" : key === "token" ? "up_example" : inText(value);
    if (typeof value === "number") return inNumber(value);
    if (Array.isArray(value)) return value.map((one) => rename(one));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [inText(name), rename(one, name)]));
  };
  return <T>(value: T) => rename(value) as T;
}

function inNumber(value: number): number {
  if (Number.isInteger(value))
    return value > TIME / 2 && value < TIME * 2
      ? TIME
      : value > TIME * 500 && value < TIME * 2000
        ? TIME * 1000
        : value;
  return Number(value.toFixed(DECIMALS));
}
