import { ulid } from "ulid";

/** What an id names; see the prefixes below. */
export const idPrefixes = {
  file: "file_",
  job: "ftjob_",
  prompt: "sp_",
  experiment: "exp_",
  request: "req_",
  key: "key_",
  event: "ftevent_",
  webhook: "wh_",
  delivery: "whd_",
  audit: "audit_",
} as const;
export type IdKind = keyof typeof idPrefixes;

/** A new id: the kind's prefix and a ULID, so that ids sort by time of creation. */
export function newId(kind: IdKind, now?: number): string {
  return idPrefixes[kind] + ulid(now, randomFraction);
}

/** ulid's own source of random numbers makes an array for each of an id's sixteen characters, 6 kB in all. */
const randomByte = new Uint8Array(1);
const randomFraction = () => (crypto.getRandomValues(randomByte)[0] as number) / 256;

/** The short name of an organisation, a dataset or a model suffix: safe in keys, URLs and model names. */
export const SLUG = /^[a-z0-9][a-z0-9-]{0,62}$/;
