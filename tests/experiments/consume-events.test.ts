import { describe, expect, it } from "vitest";
import { assign, exposureEvent } from "../../functions/experiments/assign.ts";
import { consumeExperimentEvents } from "../../functions/experiments/consume-events.ts";
import { createExperiment } from "../../functions/experiments/create-experiment.ts";
import { sendEvents } from "../../functions/experiments/send-events.ts";
import { createFakeDeps, twoVariants, type FakeDeps } from "./fake-deps.ts";

async function exposures(deps: FakeDeps, units: number) {
  const experiment = await createExperiment(deps, "acme", twoVariants(), "key_test");
  return Array.from({ length: units }, (_, i) => {
    const source = { requestId: "", user: `u${i}`, session: undefined, forced: undefined, mayForce: false };
    return exposureEvent(assign(experiment, source, deps.time), `req_${i}`)!;
  });
}
const message = (body: unknown) => {
  const state = { acked: false, retried: false };
  return {
    state,
    body,
    ack: () => (state.acked = true),
    retry: () => (state.retried = true),
  };
};
const counted = async (deps: FakeDeps) =>
  (await deps.database.first("SELECT SUM(units) AS units FROM experiment_aggregates WHERE metric = ''"))?.[
    "units"
  ] ?? 0;
async function rawLines(deps: FakeDeps): Promise<string[]> {
  const texts: string[] = [];
  for await (const { key } of deps.bucket.list("events/")) {
    const object = await deps.bucket.get(key);
    texts.push(new TextDecoder().decode(await object!.bytesBody()));
  }
  return texts.join("").trim().split("\n");
}

describe("sending", () => {
  it("cuts events into messages that a queue takes", async () => {
    const deps = createFakeDeps();
    await sendEvents(deps, await exposures(deps, 2000));
    expect(deps.sent.length).toBeGreaterThan(1);
    expect(deps.sent.flatMap(({ events }) => events)).toHaveLength(2000);
    for (const sent of deps.sent)
      expect(new TextEncoder().encode(JSON.stringify(sent)).length).toBeLessThan(128_000);
    expect(new Set(deps.sent.map(({ id }) => id)).size).toBe(deps.sent.length);
  });

  it("tries again, and says so when the queue never takes them", async () => {
    const deps = createFakeDeps();
    let attempts = 0;
    const failing = (times: number): FakeDeps => ({
      ...deps,
      enqueueExperiments: async () => {
        if (++attempts <= times) throw new Error("queue is down");
      },
    });
    const events = await exposures(deps, 1);
    await sendEvents(failing(2), events);
    expect(attempts).toBe(3);
    await expect(sendEvents(failing(100), events)).rejects.toThrow("queue is down");
  });
});

describe("the queue's consumer", () => {
  it("counts, keeps the raw events, and counts nothing again when the delivery comes twice", async () => {
    const deps = createFakeDeps();
    await sendEvents(deps, await exposures(deps, 700));
    const [first, second] = [deps.sent.map(message), deps.sent.map(message)];
    await consumeExperimentEvents(deps, first);
    await consumeExperimentEvents(deps, second);
    expect([...first, ...second].every(({ state }) => state.acked)).toBe(true);
    expect(await counted(deps)).toBe(700);
    expect(await rawLines(deps)).toHaveLength(700);
  });

  it("lets a message that cannot be read hold up no other", async () => {
    const deps = createFakeDeps();
    await sendEvents(deps, await exposures(deps, 3));
    const [good, bad] = [message(deps.sent[0]), message({ id: "x", events: [{ type: "nonsense" }] })];
    await consumeExperimentEvents(deps, [bad, good]);
    expect(bad.state).toEqual({ acked: false, retried: true });
    expect(good.state).toEqual({ acked: true, retried: false });
    expect(await counted(deps)).toBe(3);
  });

  it.each(["database", "bucket"] as const)("asks for the delivery again when the %s fails", async (part) => {
    const deps = createFakeDeps();
    await sendEvents(deps, await exposures(deps, 3));
    const down = () => Promise.reject(new Error("down"));
    const broken: FakeDeps =
      part === "database"
        ? { ...deps, database: { ...deps.database, transaction: down } }
        : { ...deps, bucket: { ...deps.bucket, put: down } };
    const delivery = message(deps.sent[0]);
    await consumeExperimentEvents(broken, [delivery]);
    expect(delivery.state).toEqual({ acked: false, retried: true });
    expect(await counted(deps)).toBe(0);
    await consumeExperimentEvents(deps, [message(deps.sent[0])]);
    expect(await counted(deps)).toBe(3);
  });
});
