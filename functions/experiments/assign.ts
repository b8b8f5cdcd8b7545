import { experimentHeaders, experimentLimits, type UnitKind } from "../../shared/contracts/experiment.ts";
import { InvalidRequestError, PermissionError } from "../../shared/errors.ts";
import type { ExperimentRecord } from "../records/experiments.ts";
import { variantOf } from "./allocation.ts";
import type { ExposureEvent } from "./events.ts";
import { formatExposureId, type Exposure } from "./exposure-id.ts";
import { unitHash } from "./unit-hash.ts";

/** What a request says about whom it is for. */
export interface UnitSource {
  readonly requestId: string;
  readonly user: string | undefined;
  readonly session: string | undefined;
  /** Key of a variant that a tester wants to see. */
  readonly forced: string | undefined;
  /** The caller's key allows that. */
  readonly mayForce: boolean;
}

export interface Assignment {
  readonly experiment: ExperimentRecord;
  /** Index, key and model of the variant. */
  readonly variant: number;
  readonly key: string;
  readonly model: string;
  /** Null where nothing is counted: a tester, a request without a unit, an experiment that does not run. */
  readonly exposure: (Exposure & { readonly id: string; readonly unitId: string }) | null;
  readonly forced: boolean;
}

/**
 * The variant that a request gets: its unit's bucket in the allocation while the experiment runs, the serving variant
 * otherwise. A request without a unit gets the control and is not counted. Takes about a microsecond and no input or
 * output. Throws PermissionError or InvalidRequestError for a forced variant that may not be or is not.
 *
 * @param now milliseconds since 1970
 */
export function assign(experiment: ExperimentRecord, source: UnitSource, now: number): Assignment {
  const { definition, salt, status, serving } = experiment;
  if (source.forced !== undefined) return forcedAssignment(experiment, source, source.forced);
  if (status !== "running") return uncounted(experiment, serving);
  const unitId = unitOf(definition.unit, source);
  if (unitId === undefined || unitId === "") return uncounted(experiment, serving);
  const { bucket, key: unit } = unitHash.hash(salt, unitId);
  // The treatment of a shadow experiment answers too, but nobody sees it.
  const variant = definition.policy.type === "shadow" ? serving : variantOf(experiment.allocation, bucket);
  const exposure = { experiment: experiment.id, phase: experiment.phase, variant, unit, at: now };
  return {
    ...uncounted(experiment, variant),
    exposure: { ...exposure, unitId, id: formatExposureId(exposure, salt) },
  };
}

function unitOf(kind: UnitKind, { user, session, requestId }: UnitSource): string | undefined {
  return { user, session, request: requestId }[kind];
}

function uncounted(experiment: ExperimentRecord, variant: number): Assignment {
  const { key, model } = experiment.definition.variants[variant] as { key: string; model: string };
  return { experiment, variant, key, model, exposure: null, forced: false };
}

function forcedAssignment(
  experiment: ExperimentRecord,
  { mayForce }: UnitSource,
  wanted: string,
): Assignment {
  if (!mayForce) {
    throw new PermissionError(
      `Header "${experimentHeaders.forcedVariant}" needs a key with the scope "experiments"`,
      {
        code: "insufficient_scope",
      },
    );
  }
  const { variants } = experiment.definition;
  const variant = variants.findIndex(({ key }) => key === wanted);
  if (variant < 0) {
    const keys = variants.map(({ key }) => `"${key}"`).join(", ");
    throw new InvalidRequestError(
      `Experiment "${experiment.name}" has no variant "${wanted}", it has ${keys}`,
      {
        code: "variant_not_found",
        param: experimentHeaders.forcedVariant,
      },
    );
  }
  return { ...uncounted(experiment, variant), forced: true };
}

/** The exposure as it goes on the queue; null where nothing is to be recorded. */
export function exposureEvent(
  { exposure, experiment, model }: Assignment,
  key: string,
): ExposureEvent | null {
  if (!exposure) return null;
  const { organization, id } = experiment;
  const { phase, variant, unit, at, unitId } = exposure;
  return {
    type: "exposure",
    organization,
    key,
    experiment: id,
    phase,
    variant,
    unit,
    exposedAt: at,
    model,
    // An id that nobody would choose must not keep the event from fitting the queue.
    unitId: unitId.slice(0, experimentLimits.idLength),
  };
}
