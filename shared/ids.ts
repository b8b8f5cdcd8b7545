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
  return idPrefixes[kind] + ulid(now);
}

/** The short name of an organisation, a dataset or a model suffix: safe in keys, URLs and model names. */
export const SLUG = /^[a-z0-9][a-z0-9-]{0,62}$/;
