import { idPrefixes } from "../../shared/ids.ts";
import { unitHash } from "./unit-hash.ts";

/** One unit's meeting with one variant. */
export interface Exposure {
  /** `exp_...` */
  readonly experiment: string;
  /** Counts changes of the allocation. */
  readonly phase: number;
  /** Index of the variant. */
  readonly variant: number;
  /** HashedUnit's key. */
  readonly unit: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

const PREFIX = "xp";
const SEPARATOR = "_";
const FIELDS =
  /^xp_([0-9A-HJKMNP-TV-Z]{26})_([0-9a-z]{1,6})_([0-9a-z])_([0-9a-f]{16})_([0-9a-z]{1,9})_([0-9a-f]{8})$/;

/**
 * The id that an answer carries in `x-foreword-exposure`. It says all there is to say, so that an outcome can be taken
 * before the exposure itself has been recorded; the check at its end, salted by the experiment, tells invented ids.
 */
export function formatExposureId(exposure: Exposure, salt: string): string {
  const text = [
    PREFIX,
    exposure.experiment.slice(idPrefixes.experiment.length),
    exposure.phase.toString(36),
    exposure.variant.toString(36),
    exposure.unit,
    exposure.at.toString(36),
  ].join(SEPARATOR);
  return text + SEPARATOR + unitHash.check(salt, text);
}

/** What an exposure id says, before its check is verified: the salt must be looked up by the experiment first. */
export function parseExposureId(id: string): Exposure | null {
  const fields = FIELDS.exec(id);
  if (!fields) return null;
  const [, experiment, phase, variant, unit, at] = fields as unknown as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  return {
    experiment: idPrefixes.experiment + experiment,
    phase: Number.parseInt(phase, 36),
    variant: Number.parseInt(variant, 36),
    unit,
    at: Number.parseInt(at, 36),
  };
}

/** True where the id was given out by the experiment that has this salt. */
export function verifyExposureId(id: string, salt: string): boolean {
  const end = id.lastIndexOf(SEPARATOR);
  return id.slice(end + 1) === unitHash.check(salt, id.slice(0, end));
}
