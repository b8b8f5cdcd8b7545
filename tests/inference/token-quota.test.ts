import { expect, it } from "vitest";
import { createQuotaRecords } from "../../functions/records/quotas.ts";
import { openSqliteDatabase } from "../../scripts/serve-node/sqlite-database.ts";
import { hashedLogits, type LogitsFor } from "./support/fake-engine.ts";
import { testCaller } from "./support/test-app.ts";
import { createTinyApp, tinyModel } from "./support/tiny-app.ts";

/** Everything but the end token: answers are as long as they may be. */
const endless: LogitsFor = (history) => {
  const logits = hashedLogits(266)(history);
  logits[2] = Number.NEGATIVE_INFINITY;
  return logits;
};

/** Makes one call; gives the tokens that are counted for it, and what the answer says of itself. */
async function spend(path: string, body: object, chunks = Infinity) {
  const database = openSqliteDatabase(":memory:");
  const { app } = await createTinyApp({ logitsFor: endless, database });
  const response = await app.request(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: tinyModel, ...body }),
  });
  expect(response.status).toBe(200);
  let text = "";
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (let i = 0; i < chunks; i++) {
    const part = await reader?.read();
    if (!part || part.done) break;
    text += part.value;
  }
  await reader?.cancel();
  const quotas = createQuotaRecords(database, Date.now);
  const used = async () => (await quotas.get(testCaller.organization)).tokens.used;
  await expect.poll(used).toBeGreaterThan(0);
  return { used: await used(), said: Number(/"total_tokens":(\d+)/.exec(text)?.[1]) };
}

it.each([
  ["/v1/completions", { prompt: ["a b", "c"], n: 2, max_tokens: 5 }],
  [
    "/v1/completions",
    { prompt: "a b", max_tokens: 5, stream: true, stream_options: { include_usage: true } },
  ],
  ["/v1/completions", { prompt: "a b", max_tokens: 0, echo: true }],
  ["/v1/classifications", { input: ["a b", "c"], labels: ["x", "y z"] }],
])("an answer of %s counts what it says that it used: %j", async (path, body) => {
  const { used, said } = await spend(path, body);
  expect(used).toBe(said);
});

it("an answer that nobody reads to its end counts what was computed", async () => {
  const body = { prompt: "a b", max_tokens: 100, stream: true };
  const { used } = await spend("/v1/completions", body, 4);
  const whole = await spend("/v1/completions", { ...body, stream: false });
  expect(used).toBeLessThan(whole.used - 50);
});

it("tokens that are used up refuse the next call", async () => {
  const database = openSqliteDatabase(":memory:");
  const { post } = await createTinyApp({ logitsFor: endless, database });
  await createQuotaRecords(database, Date.now).set(testCaller.organization, { tokens: 0 });
  const { status, body, headers } = await post("/v1/completions", { model: tinyModel, prompt: "a" });
  expect(status).toBe(429);
  expect(body).toMatchObject({ error: { code: "quota_exceeded" } });
  expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
});
