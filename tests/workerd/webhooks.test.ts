import { env } from "cloudflare:workers";
import OpenAI from "openai";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createD1Database } from "../../functions/adapters/d1.ts";
import { checkWebhookUrl } from "../../functions/webhooks/check-url.ts";
import { deliverWebhooks, type Send } from "../../functions/webhooks/deliver.ts";
import { signedHeaders } from "../../functions/webhooks/sign.ts";
import { ask, call, migrate, newKey } from "./app.ts";
import { seedBaseModel } from "./base-model.ts";

const database = createD1Database(env.DB);
let time = Date.now();
const deps = { database, now: () => time, log: () => {} };

interface Sent {
  readonly url: string;
  readonly body: string;
  readonly headers: Headers;
  readonly redirect: string | undefined;
}
const sent: Sent[] = [];
const answering =
  (...statuses: number[]): Send =>
  async (url, init) => {
    sent.push({
      url: url.href,
      body: init.body as string,
      headers: new Headers(init.headers),
      redirect: init.redirect,
    });
    const status = statuses.length > 1 ? (statuses.shift() as number) : (statuses[0] as number);
    return new Response(null, { status });
  };

let key: string;
let admin: string;
beforeAll(async () => {
  await migrate();
  await seedBaseModel();
  key = await newKey("acme");
  admin = await newKey("acme", ["admin"]);
});
beforeEach(async () => {
  sent.length = 0;
  // Later than all that a test does before it delivers, and within what receivers tolerate.
  time = Date.now() + 120_000;
  await database.run("DELETE FROM webhook_deliveries");
});

let count = 0;
/** Makes a job and calls it off: the quickest way for one to end. Gives its id. */
async function endedJob(): Promise<string> {
  const name = `data-${++count}`;
  await ask(key, "POST", "/v1/datasets", { name, rows: [{ prompt: name, completion: " b" }] });
  const { data } = await ask<{ data: { id: string }[] }>(key, "GET", "/v1/fine_tuning/jobs?limit=1");
  await ask(key, "POST", `/v1/fine_tuning/jobs/${data[0]?.id}/cancel`);
  return data[0]?.id ?? "";
}
const newWebhook = async (events = ["fine_tuning.job.cancelled"]) =>
  ask<{ id: string; secret: string }>(admin, "POST", "/v1/webhooks", {
    url: `https://hooks.foreword.dev/${++count}`,
    events,
  });
const deliveries = async (id: string) =>
  (
    await ask<{ data: { id: string; status: string; attempts: number; last_status: number | null }[] }>(
      admin,
      "GET",
      `/v1/webhooks/${id}/deliveries`,
    )
  ).data;

test("signatures are those of the specification", async () => {
  const headers = await signedHeaders(
    ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    "msg_p5jXN8AQM9LWM0D4loKWxJek",
    1614265330,
    '{"test": 2432232314}',
  );
  expect(headers["webhook-signature"]).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
});

describe("a job that ends", () => {
  test("is told to those who want to hear of it, in a message that the OpenAI client verifies", async () => {
    const { id, secret } = await newWebhook();
    const other = await newWebhook(["fine_tuning.job.succeeded"]);
    const job = await endedJob();
    await deliverWebhooks(deps, answering(204));
    expect(await deliveries(id)).toMatchObject([{ status: "delivered", attempts: 1, last_status: 204 }]);
    expect(await deliveries(other.id)).toEqual([]);
    const [message] = sent.filter(({ url }) => url.startsWith("https://hooks.foreword.dev/"));
    expect(message?.redirect).toBe("manual");
    const openai = new OpenAI({ apiKey: "x", webhookSecret: secret });
    const event = await openai.webhooks.unwrap(message?.body ?? "", message?.headers ?? new Headers());
    expect(event).toMatchObject({ type: "fine_tuning.job.cancelled", object: "event", data: { id: job } });
    await expect(
      openai.webhooks.unwrap(`${message?.body} `, message?.headers ?? new Headers()),
    ).rejects.toThrow("signature");
  });

  test("is told again after growing pauses, with the same message id, until it is given up", async () => {
    const { id } = await newWebhook();
    await endedJob();
    await deliverWebhooks(deps, answering(500));
    expect((await deliveries(id))[0]).toMatchObject({ status: "pending", attempts: 1, last_status: 500 });
    await deliverWebhooks(deps, answering(200));
    expect((await deliveries(id))[0]).toMatchObject({ attempts: 1 });
    for (let attempt = 2; attempt <= 9; attempt++) {
      time += 24 * 3600_000;
      await deliverWebhooks(deps, answering(302));
    }
    const [last] = await deliveries(id);
    expect(last).toMatchObject({ status: "failed", attempts: 9, last_status: 302 });
    const mine = sent.filter(({ url }) => url.endsWith(`/${count - 1}`));
    expect(new Set(mine.map(({ headers }) => headers.get("webhook-id"))).size).toBe(1);
    await ask(admin, "POST", `/v1/webhooks/${id}/deliveries/${last?.id}/redeliver`);
    time = Date.now() + 24 * 3600_000;
    await deliverWebhooks(deps, answering(200));
    expect((await deliveries(id))[0]).toMatchObject({ status: "delivered" });
  });

  test("is signed with both secrets for a day after a rotation", async () => {
    const old = await newWebhook();
    const next = await ask<{ secret: string }>(admin, "POST", `/v1/webhooks/${old.id}/rotate`);
    await endedJob();
    await deliverWebhooks(deps, answering(200));
    const message = sent.find(({ url }) => url.endsWith(`/${count - 1}`));
    for (const webhookSecret of [old.secret, next.secret])
      await new OpenAI({ apiKey: "x", webhookSecret }).webhooks.verifySignature(
        message?.body ?? "",
        message?.headers ?? new Headers(),
      );
    await endedJob();
    time = Date.now() + 25 * 3600_000;
    sent.length = 0;
    await deliverWebhooks(deps, answering(200));
    const signature = sent.find(({ url }) => url.endsWith(`/${count - 2}`))?.headers.get("webhook-signature");
    expect(signature?.split(" ")).toHaveLength(1);
  });
});

test("an experiment that is stopped is told of", async () => {
  const { id } = await newWebhook(["experiment.stopped"]);
  const admins = await newKey("acme", ["admin", "experiments"]);
  const variants = ["a", "b"].map((variant) => ({ key: variant, model: "minimind2-small" }));
  const experiment = await ask<{ id: string }>(admins, "POST", "/v1/experiments", { name: "told", variants });
  await ask(admins, "POST", `/v1/experiments/${experiment.id}/stop`, {});
  time = Date.now() + 5000;
  await deliverWebhooks(deps, answering(200));
  expect(await deliveries(id)).toMatchObject([{ type: "experiment.stopped", status: "delivered" }]);
  const body: unknown = JSON.parse(sent.at(-1)?.body ?? "null");
  expect(body).toMatchObject({ type: "experiment.stopped", data: { id: experiment.id } });
});

describe("an address that no webhook may go to", () => {
  test.each([
    "http://hooks.foreword.dev/",
    "https://localhost/",
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://017700000001/",
    "https://10.1.2.3/",
    "https://172.31.0.1/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/",
    "https://0.0.0.0/",
    "https://224.0.0.1/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fd00::1]/",
    "https://[fe80::1]/",
    "https://metadata.google.internal/",
    "https://printer.local/",
    "https://localhost./",
    "https://intranet/",
    "https://hooks.foreword.dev:8443/",
    "https://user:word@hooks.foreword.dev/",
    "ftp://hooks.foreword.dev/",
    "nothing",
  ])("%s is refused", (url) => {
    expect(() => checkWebhookUrl(url)).toThrow(expect.objectContaining({ code: "webhook_url" }));
  });

  test.each([
    "https://hooks.foreword.dev/a?b",
    "https://8.8.8.8/",
    "https://172.32.0.1/",
    "https://[2606:4700::1111]/",
  ])("%s is taken", (url) => {
    expect(checkWebhookUrl(url).href).toBe(url);
  });

  test("is refused over HTTP, and by the delivery where it got into the records", async () => {
    const body = { url: "https://169.254.169.254/" };
    expect((await call(admin, "POST", "/v1/webhooks", body)).status).toBe(400);
    const { id } = await newWebhook();
    await database.run("UPDATE webhooks SET url = 'https://10.0.0.1/' WHERE id = ?1", id);
    await endedJob();
    await deliverWebhooks(deps, answering(200));
    expect((await deliveries(id))[0]).toMatchObject({ status: "pending", last_status: null });
    expect(sent.filter(({ url }) => url.includes("10.0.0.1"))).toEqual([]);
  });
});
