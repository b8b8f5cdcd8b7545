import type { Context } from "hono";
import { z } from "zod";
import { experimentLimits, type BuiltInMetric } from "../../shared/contracts/experiment.ts";
import type { Deps } from "../deps.ts";
import type { AppEnv } from "../http/app-env.ts";
import { inferenceOf } from "../inference/service.ts";
import type { Encounter } from "./encounter.ts";
import type { ExperimentEvent } from "./events.ts";
import { sendQuietly } from "./send-events.ts";
import { unitHash } from "./unit-hash.ts";
import type { Dispatch } from "./watch-requests.ts";

const TREATMENT = 1;
/** Makes the treatment's units others than the control's: both are counted of every unit. */
const SHADOW_SUFFIX = "\u0000shadow";

/** Texts are kept to this length: a message has its bounds. */
const MAX_TEXT = 2000;
const shorten = (text: string) => text.slice(0, MAX_TEXT);

/** What the inference endpoints have in common in their answers. */
const answerSchema = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        text: z.string().optional(),
        message: z.looseObject({ content: z.string() }).optional(),
        finish_reason: z.string(),
      }),
    )
    .optional(),
  data: z.array(z.looseObject({ label: z.string() })).optional(),
  usage: z.looseObject({ prompt_tokens: z.int(), completion_tokens: z.int() }).optional(),
});

/**
 * Lets the treatment of a shadow experiment answer the same request behind the control's answer, compares the two and keeps
 * both; nobody is given it. Where others wait for the engine it is left out: a shadow must not slow anybody down. Answers
 * agree when their texts are equal, so compare at temperature 0 or with a seed.
 */
export async function runShadow(
  c: Context<AppEnv>,
  deps: Deps,
  dispatch: Dispatch,
  encounter: Encounter,
): Promise<void> {
  try {
    if (inferenceOf(deps).admission.counts().waiting > 0) return;
    const { assignment, requestId } = encounter;
    const { definition } = assignment.experiment;
    const treatment = definition.variants[TREATMENT];
    if (!treatment) return;
    const body = z.record(z.string(), z.unknown()).parse(await c.req.json());
    const { stream: _stream, stream_options: _options, ...rest } = body;
    const startedAt = deps.now();
    const request = new Request(new URL(c.req.path, "http://shadow.invalid"), {
      method: "POST",
      headers: { authorization: c.req.header("authorization") ?? "", "content-type": "application/json" },
      body: JSON.stringify({ ...rest, model: treatment.model }),
    });
    const response = await dispatch(request, c);
    const answer = response.ok ? answerSchema.parse(await response.json()) : {};
    const seconds = { startedAt, endedAt: deps.now() };
    await sendQuietly(deps, shadowEvents(encounter, response.status, answer, seconds, treatment));
    deps.log({
      level: "info",
      message: "Shadow answered",
      experiment: assignment.experiment.id,
      requestId,
      status: response.status,
    });
  } catch (error) {
    // The shadow's failures are its own: the caller has had the control's answer.
    deps.log({
      level: "error",
      message: "Shadow failed",
      experiment: encounter.assignment.experiment.id,
      error: String(error),
    });
  }
}

function shadowEvents(
  { assignment, requestId, texts }: Encounter,
  status: number,
  answer: z.infer<typeof answerSchema>,
  { startedAt, endedAt }: { startedAt: number; endedAt: number },
  treatment: { readonly key: string; readonly model: string },
): ExperimentEvent[] {
  const { experiment, exposure } = assignment;
  if (!exposure) return [];
  const { organization, id, salt } = experiment;
  const unit = unitHash.hash(salt, exposure.unitId + SHADOW_SUFFIX).key;
  const place = {
    organization,
    experiment: id,
    phase: exposure.phase,
    variant: TREATMENT,
    unit,
    exposedAt: exposure.at,
  };
  const shadowTexts = [
    ...(answer.choices ?? []).map(({ text, message }) => text ?? message?.content ?? ""),
    ...(answer.data ?? []).map(({ label }) => label),
  ];
  const values: Partial<Record<BuiltInMetric, number>> = { error_rate: Number(status >= 500) };
  if (status === 200) {
    values.latency_ms = endedAt - startedAt;
    values.prompt_tokens = answer.usage?.prompt_tokens ?? 0;
    values.completion_tokens = answer.usage?.completion_tokens ?? 0;
    values.agreement_rate = Number(JSON.stringify(shadowTexts) === JSON.stringify(texts));
    if (answer.choices)
      values.length_rate = Number(answer.choices.some(({ finish_reason }) => finish_reason === "length"));
  }
  const key = `shadow:${requestId}`;
  const answers = [
    { variant: assignment.key, model: assignment.model, status: 200, texts: texts.map(shorten) },
    { variant: treatment.key, model: treatment.model, status, texts: shadowTexts.map(shorten) },
  ];
  return [
    {
      type: "exposure",
      ...place,
      key,
      model: treatment.model,
      unitId: exposure.unitId.slice(0, experimentLimits.idLength),
    },
    { type: "outcome", ...place, key, values, at: endedAt },
    {
      type: "shadow",
      organization,
      key,
      experiment: id,
      unitId: exposure.unitId.slice(0, experimentLimits.idLength),
      at: endedAt,
      answers,
    },
  ];
}
