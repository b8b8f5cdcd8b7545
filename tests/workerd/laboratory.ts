import { env, exports } from "cloudflare:workers";
import { ask, migrate, newKey } from "./app.ts";
import { seedBaseModel, type SeededModel } from "./base-model.ts";
import { storePrompt } from "./store-prompt.ts";

export interface Results {
  readonly verdict: { readonly state: string; readonly text: string };
  readonly variants: { readonly key: string; readonly units: number }[];
  readonly metrics: {
    readonly key: string;
    readonly variants: { variant: string; units: number; mean: number | null }[];
  }[];
  readonly sample_ratio: { readonly mismatch: boolean };
}
export interface Experiment {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly serving: string;
  readonly variants: { readonly key: string; readonly model: string; readonly weight: number }[];
}
interface ErrorBody {
  readonly error: { readonly message: string; readonly code: string; readonly param: string | null };
}

export const base = "minimind2-small";
export const bought = { key: "bought", kind: "binary", role: "primary" };

/** An organisation with two tuned models, and the calls that experiments between them take. */
export interface Laboratory {
  readonly seeded: SeededModel;
  readonly key: string;
  readonly first: string;
  readonly second: string;
  /** An experiment between the two, half and half. */
  create(name: string, more?: object): Promise<Experiment>;
  classify(model: string, user?: string, headers?: Record<string, string>, as?: string): Promise<Response>;
  results(experiment: string): Promise<Results>;
}

/** Makes the tables, a base model and all that is in a laboratory. */
export async function openLaboratory(): Promise<Laboratory> {
  await migrate();
  const seeded = await seedBaseModel();
  const key = await newKey("acme");
  const first = await storePrompt(seeded, "acme", 1);
  const second = await storePrompt(seeded, "acme", 2);
  return {
    seeded,
    key,
    first,
    second,
    create: (name, more = {}) =>
      ask(key, "POST", "/v1/experiments", {
        name,
        variants: [
          { key: "a", model: first, weight: 50 },
          { key: "b", model: second, weight: 50 },
        ],
        metrics: [bought],
        ...more,
      }),
    classify: (model, user, headers = {}, as = key) =>
      exports.default.fetch("http://foreword.test/v1/classifications", {
        method: "POST",
        headers: { authorization: `Bearer ${as}`, "content-type": "application/json", ...headers },
        body: JSON.stringify({ model, input: "Is this a test?", user }),
      }),
    results: (experiment) => ask(key, "GET", `/v1/experiments/${experiment}/results`),
  };
}

export const failure = async (response: Response) => ({
  status: response.status,
  ...(await response.json<ErrorBody>()).error,
});

export const metric = (report: Results, name: string) =>
  report.metrics.find((one) => one.key === name)?.variants ?? [];

export const total = (report: Results) => report.variants.reduce((sum, { units }) => sum + units, 0);

/** The events of an experiment that lie in the bucket. */
export async function events<T extends { readonly type: string }>(experiment: string): Promise<T[]> {
  const { objects } = await env.BUCKET.list({ prefix: `events/acme/${experiment}/` });
  const texts = await Promise.all(objects.map(async ({ key }) => (await env.BUCKET.get(key))?.text() ?? ""));
  const lines = texts.join("").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as T);
}

/** The queue delivers within about a second. */
export async function eventually<T>(look: () => Promise<T>, until: (value: T) => boolean): Promise<T> {
  for (let attempt = 0; attempt < 80; attempt++) {
    const value = await look();
    if (until(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("It did not happen within 8 seconds");
}
