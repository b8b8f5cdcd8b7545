/**
 * Calls a tuned model with OpenAI's own client, whole and as a stream:
 *
 *     FOREWORD_API_KEY=... MODEL=ft:... node scripts/examples/openai-sdk.ts
 */
import OpenAI from "openai";

const { FOREWORD_URL = "http://127.0.0.1:8787", FOREWORD_API_KEY, MODEL = "minimind2-small" } = process.env;
const client = new OpenAI({ baseURL: `${FOREWORD_URL}/v1`, apiKey: FOREWORD_API_KEY ?? null });

const whole = await client.completions.create({
  model: MODEL,
  prompt: "Claim your free prize now\nLabel:",
  max_tokens: 4,
  temperature: 0,
});
console.log("completion:", whole.choices[0]?.text);

const stream = await client.chat.completions.create({
  model: MODEL,
  messages: [{ role: "user", content: "What is the capital of France?" }],
  max_tokens: 16,
  temperature: 0,
  stream: true,
});
process.stdout.write("chat: ");
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? "");
process.stdout.write("\n");
