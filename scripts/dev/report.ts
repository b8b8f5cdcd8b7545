import type { Answers } from "./answers.ts";
import type { TunedExample } from "./example.ts";
import type { Output } from "./output.ts";
import { LOCAL_ORGANIZATION, type Stack } from "./stack.ts";

/** The summary that `--json` prints last. */
export function summary({ model, evaluation, tuningSeconds, steps }: TunedExample, answers: Answers) {
  return {
    base_accuracy: evaluation.base.accuracy,
    tuned_accuracy: evaluation.tuned.accuracy,
    majority_share: evaluation.majority_share,
    held_out_rows: evaluation.rows,
    tuning_seconds: tuningSeconds,
    steps,
    model,
    answer_base: answers.base,
    answer_tuned: answers.tuned,
    ttft_ms: answers.ttftMs,
    tokens_per_second: answers.tokensPerSecond,
  };
}

/** What tuning brought: accuracies, and the same request answered without and with the soft prompt. */
export function reportExample(output: Output, example: TunedExample, answers: Answers): void {
  const percent = (share: number | null) => (share === null ? "-" : `${(share * 100).toFixed(1)} %`);
  const { evaluation, tuningSeconds, steps, model } = example;
  output.heading(`Tuned in ${Math.round(tuningSeconds)} s (${steps} steps): ${model}`);
  output.line(`Accuracy on ${evaluation.rows} held-out emails`);
  output.line(`  always the same answer  ${percent(evaluation.majority_share)}`);
  output.line(`  base model              ${percent(evaluation.base.accuracy)}`);
  output.line(`  with the soft prompt    ${percent(evaluation.tuned.accuracy)}`);
  output.heading("One held-out email");
  output.line(indent(answers.prompt));
  output.line(`  base model           ${JSON.stringify(answers.base)}`);
  output.line(`  with the soft prompt ${JSON.stringify(answers.tuned)}`);
  output.line(`  first token after ${answers.ttftMs} ms, then ${answers.tokensPerSecond} tokens/s`);
}

/** How to go on: call the model, upload data of one's own. */
export function reportUsage(output: Output, { url, credentials }: Stack, model: string): void {
  output.heading("Call it with curl");
  output.line(
    indent(
      [
        `curl ${url}/v1/completions \\`,
        `  -H "authorization: Bearer ${credentials.apiKey}" -H "content-type: application/json" \\`,
        `  -d '{"model": "${model}", "max_tokens": 4, "temperature": 0,`,
        `       "prompt": "Subject: You won\\nClaim your free prize now\\nLabel:"}'`,
      ].join("\n"),
    ),
  );
  output.heading("or with the OpenAI SDK");
  output.line(
    indent(
      [
        `import OpenAI from "openai";`,
        `const client = new OpenAI({ baseURL: "${url}/v1", apiKey: "${credentials.apiKey}" });`,
        `const answer = await client.completions.create({`,
        `  model: "${model}",`,
        `  prompt: "Subject: You won\\nClaim your free prize now\\nLabel:", max_tokens: 4, temperature: 0,`,
        `});`,
      ].join("\n"),
    ),
  );
  output.heading("Tune on your own data: upload it, that is all");
  const { endpoint, accessKeyId, secretAccessKey } = credentials.s3;
  output.line(
    indent(
      [
        `AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey} AWS_REGION=auto \\`,
        `  aws s3 cp train.jsonl s3://foreword/datasets/${LOCAL_ORGANIZATION}/my-task/train.jsonl --endpoint-url ${endpoint}`,
      ].join("\n"),
    ),
  );
}

const indent = (text: string) => text.replaceAll(/^/gm, "  ");
