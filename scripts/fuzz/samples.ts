/** Well-formed inputs, from which mutated ones are made. */

const key = "datasets/acme/reviews/train.jsonl";
const etag = "d41d8cd98f00b204e9800998ecf8427e";
const s3 = (eventName: string, encoded: string) => ({
  eventVersion: "2.1",
  eventSource: "aws:s3",
  eventName,
  s3: { bucket: { name: "foreword" }, object: { key: encoded, size: 12, eTag: etag, sequencer: "0055" } },
});

export const notifications: readonly unknown[] = [
  {
    account: "0",
    action: "PutObject",
    bucket: "foreword",
    object: { key, size: 12, eTag: etag },
    eventTime: "2026-01-01T00:00:00Z",
  },
  { Records: [s3("ObjectCreated:Put", encodeURIComponent(key)), s3("ObjectRemoved:Delete", "a+b%20c")] },
  { EventName: "s3:ObjectCreated:Put", Key: `foreword/${key}`, Records: [s3("s3:ObjectCreated:Put", key)] },
  {
    "detail-type": "Object Created",
    source: "aws.s3",
    detail: { bucket: { name: "foreword" }, object: { key, size: 12, etag }, reason: "PutObject" },
  },
  { action: "put", bucket: "foreword", key, etag, requestId: "req_1" },
];

const exposed = {
  experiment: "exp_1",
  phase: 1,
  variant: 0,
  unit: "0123456789abcdef",
  exposedAt: 1_700_000_000_000,
};
const common = { organization: "acme", key: "req_1" };
export const experimentMessage = {
  id: "ftevent_1",
  events: [
    { type: "exposure", ...common, ...exposed, model: "tiny", unitId: "user-1" },
    { type: "outcome", ...common, ...exposed, values: { bought: 1 }, at: 1_700_000_000_001 },
    {
      type: "unmatched",
      ...common,
      request: null,
      experiment: "exp_1",
      unit: "u",
      unitId: "u",
      metric: "bought",
      value: 1,
      at: 1,
      covariate: false,
    },
  ],
};

export const settings = JSON.stringify({
  base_model: "tiny",
  virtual_tokens: 8,
  learning_rate: 0.1,
  init: "prompt:sp_01ABC",
  experiment: { name: "support", gate: { metric: "loss", min_gain: 0.1 }, canary: { steps: [1, 10, 100] } },
});

const jsonl = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).join("\n");
export const datasets: readonly string[] = [
  jsonl([
    { prompt: "2 + 2 =", completion: " 4" },
    { prompt: "naïve 🙂", completion: " yes" },
  ]),
  jsonl(Array.from({ length: 6 }, (_, i) => ({ text: `row ${i}`, label: i % 2 ? "odd" : "even" }))),
  `\uFEFF${jsonl([
    {
      messages: [
        { role: "system", content: "Be brief" },
        { role: "user", content: "Hello" },
        { role: "assistant", content: "Hi" },
      ],
    },
  ])}\r\n\r\n`,
];
