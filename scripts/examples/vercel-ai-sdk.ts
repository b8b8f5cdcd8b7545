/**
 * Calls a tuned model with the Vercel AI SDK, whole and as a stream:
 *
 *     FOREWORD_API_KEY=... MODEL=ft:... node scripts/examples/vercel-ai-sdk.ts
 */
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, streamText } from "ai";

const {
  FOREWORD_URL = "http://127.0.0.1:8787",
  FOREWORD_API_KEY = "",
  MODEL = "minimind2-small",
} = process.env;
const foreword = createOpenAICompatible({
  name: "foreword",
  baseURL: `${FOREWORD_URL}/v1`,
  apiKey: FOREWORD_API_KEY,
});

const completion = await generateText({
  model: foreword.completionModel(MODEL),
  prompt: "Claim your free prize now\nLabel:",
  maxOutputTokens: 4,
  temperature: 0,
});
console.log("completion:", completion.text);

const { textStream } = streamText({
  model: foreword.chatModel(MODEL),
  prompt: "What is the capital of France?",
  maxOutputTokens: 16,
  temperature: 0,
});
process.stdout.write("chat: ");
for await (const piece of textStream) process.stdout.write(piece);
process.stdout.write("\n");
