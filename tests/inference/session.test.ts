import { describe, expect, it, onTestFinished, vi } from "vitest";
import { inferenceLimits } from "../../functions/inference/limits.ts";
import { inferenceOf } from "../../functions/inference/service.ts";
import { hashedLogits, type LogitsFor } from "./support/fake-engine.ts";
import { createTinyApp, tinyModel, type TinyApp } from "./support/tiny-app.ts";

const VOCABULARY = 266;
/** Everything but the end token, so that answers go on until something ends them. */
const endless: LogitsFor = (history) => {
  const logits = hashedLogits(VOCABULARY)(history);
  logits[2] = Number.NEGATIVE_INFINITY;
  return logits;
};
/** Breaks once so many tokens are there. */
const breaksAt =
  (length: number): LogitsFor =>
  (history) => {
    if (history.length >= length) throw new Error("secret detail of the engine");
    return endless(history);
  };
const body = (fields: object = {}) =>
  JSON.stringify({ model: tinyModel, messages: [{ role: "user", content: "a b" }], ...fields });
const request = (fields: object, init: RequestInit = {}) =>
  new Request("http://foreword.test/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: body(fields),
    ...init,
  });

async function expectNothingLeft(app: TinyApp): Promise<void> {
  await expect.poll(() => inferenceOf(app.deps).admission.counts()).toEqual({ active: 0, waiting: 0 });
  expect(app.engines.map(({ open }) => open.sequences)).toEqual([0]);
}

describe("a request that does not run to its end", () => {
  it("frees everything when its stream is no longer read", async () => {
    const app = await createTinyApp({ logitsFor: endless });
    const response = await app.app.request(request({ stream: true, n: 3 }));
    const reader = response.body?.getReader();
    for (let chunk = 0; chunk < 4; chunk++) await reader?.read();
    expect(app.engines[0]?.open.sequences).toBeGreaterThan(0);
    await reader?.cancel();
    await expectNothingLeft(app);
    const steps = app.engines[0]?.appended.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(app.engines[0]?.appended.length).toBe(steps);
  });

  it("stops computing when its caller leaves before the answer", async () => {
    const caller = new AbortController();
    let steps = 0;
    const app = await createTinyApp({
      logitsFor: (history) => {
        if (++steps === 10) caller.abort();
        return endless(history);
      },
    });
    await app.app.request(request({}, { signal: caller.signal }));
    await expectNothingLeft(app);
    // It looks up every few steps.
    expect(steps).toBeLessThan(20);
  });

  it("gives what there is once its time is over", async () => {
    let [now, steps] = [Date.now(), 0];
    const clock = vi.spyOn(Date, "now").mockImplementation(() => now);
    onTestFinished(() => clock.mockRestore());
    const app = await createTinyApp({
      logitsFor: (history) => {
        if (++steps === 10) now += inferenceLimits.deadlineMilliseconds;
        return endless(history);
      },
    });
    const response = await app.app.request(request({ max_tokens: 200 }));
    expect(await response.json()).toMatchObject({ choices: [{ finish_reason: "length" }] });
    // It looks at the clock every few steps.
    expect(steps).toBeLessThan(50);
  });

  it("answers with an error, and says no more than it should, when the engine breaks at once", async () => {
    const app = await createTinyApp({ logitsFor: breaksAt(0) });
    for (const stream of [false, true]) {
      const response = await app.app.request(request({ stream }));
      expect(response.status).toBe(500);
      expect(await response.json()).toMatchObject({
        error: { type: "server_error", code: "internal_error" },
      });
    }
    await expectNothingLeft(app);
  });

  it("ends its stream with an error event when the engine breaks later, and logs it", async () => {
    const app = await createTinyApp({ logitsFor: breaksAt(20) });
    const response = await app.app.request(request({ stream: true }));
    expect(response.status).toBe(200);
    const text = await response.text();
    const events = text.trim().split("\n\n");
    expect(events.length).toBeGreaterThan(5);
    expect(JSON.parse(events.at(-1)?.slice("data: ".length) ?? "")).toEqual({
      error: {
        message: expect.any(String) as string,
        type: "server_error",
        param: null,
        code: "internal_error",
      },
    });
    expect(text).not.toContain("[DONE]");
    expect(text).not.toContain("secret");
    expect(app.logged).toMatchObject([{ level: "error", requestId: "req_test" }]);
    await expectNothingLeft(app);
  });
});

describe("a long answer", () => {
  it("lets timers and other requests have their turn on the way", async () => {
    let steps = 0;
    const app = await createTinyApp({
      logitsFor: (history) => {
        steps++;
        return endless(history);
      },
    });
    await app.app.request(request({ max_tokens: 1 }));
    steps = 0;
    const answer = app.app.request(request({ max_tokens: 100 }));
    await expect.poll(() => steps, { interval: 1 }).toBeGreaterThan(0);
    expect(steps).toBeLessThan(100);
    await answer;
    expect(steps).toBe(100);
  });
});

describe("an event stream", () => {
  it("has the form that OpenAI's clients read", async () => {
    const app = await createTinyApp({ logitsFor: endless });
    const response = await app.app.request(request({ stream: true, max_tokens: 3 }));
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("cache-control")).toContain("no-cache");
    expect(response.headers.get("server-timing")).toMatch(/^queue;dur=/);
    const events = (await response.text()).split("\n\n");
    expect(events.at(-1)).toBe("");
    expect(events.at(-2)).toBe("data: [DONE]");
    for (const event of events.slice(0, -2)) {
      expect(JSON.parse(event.slice("data: ".length))).toMatchObject({ object: "chat.completion.chunk" });
    }
  });
});
