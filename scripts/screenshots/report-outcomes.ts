/** What an application would send for an experiment: who got what, and how it ended. */
export interface Traffic {
  readonly url: string;
  readonly key: string;
  readonly experiment: string;
  readonly metric: string;
  readonly units: number;
  /** Share of good outcomes, by variant. */
  readonly rates: Readonly<Record<string, number>>;
}

/** Assigns units and reports an outcome for as many of each variant as its rate says. */
export async function reportOutcomes({ url, key, experiment, metric, units, rates }: Traffic): Promise<void> {
  const post = async <T>(path: string, body: object): Promise<T> => {
    const response = await fetch(new URL(path, url), {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  };
  const names = Array.from({ length: units }, (_, i) => `user-${i}`);
  const { data } = await post<{ data: { unit: string; variant: string }[] }>("/v1/assignments", {
    experiment,
    units: names,
  });
  const good = [...Map.groupBy(data, ({ variant }) => variant)].flatMap(([variant, all]) =>
    all.slice(0, Math.round(all.length * (rates[variant] ?? 0))),
  );
  const { rejected } = await post<{ rejected: { error: { message: string } }[] }>("/v1/outcomes", {
    outcomes: good.map(({ unit }) => ({ unit, experiment, metric, value: 1 })),
  });
  if (rejected[0]) throw new Error(`Outcome refused: ${rejected[0].error.message}`);
}
