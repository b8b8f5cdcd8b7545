import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/dev/paths.ts";
import { guideNames, guidesFolder } from "../../scripts/docs/build-docs.ts";
import { parseRow } from "../../shared/text/dataset-row.ts";
import { chromiumPath, launch, NO_BROWSER, openPage } from "../dashboard/browser.ts";
import { startLocalStack, type StackProcess } from "../e2e/local-stack.ts";
import { examplesOf } from "./markdown-examples.ts";
import { createRunner } from "./run-examples.ts";

const BLOCK_MS = 180_000;
/** The first tunes the model that the later ones use. */
const pages = [
  ...guideNames.map((name) => ({ page: name, file: join(guidesFolder, `${name}.md`) })),
  { page: "README", file: join(root, "README.md") },
];
/** Shown, not run. */
const OUTPUT = ["text"];

let stack: StackProcess;
beforeAll(async () => {
  stack = await startLocalStack(["--no-example"]);
  await stack.printed("Serving");
}, BLOCK_MS);
afterAll(async () => {
  stack.child.kill("SIGINT");
  await stack.exited;
  await stack.clean();
});

describe.each(pages)("$page", ({ page, file }) => {
  const blocks = examplesOf(readFileSync(file, "utf8")).map((example, i) => ({ ...example, place: i + 1 }));

  it.each(blocks)("block $place ($language) does what it says", { timeout: BLOCK_MS }, async (block) => {
    const { language, text, notRun } = block;
    if (notRun !== null || OUTPUT.includes(language)) return;
    if (language === "json") expect(JSON.parse(text)).toBeTypeOf("object");
    else if (language === "jsonl") text.split("\n").forEach((line) => parseRow(line));
    else if (language === "sh" || language === "ts") await (await runnerOf(page)).run(language, text);
    else
      throw new Error(
        `A block of "${language}" is not run: mark it with <!-- not run: why -->, or teach this test`,
      );
  });
});

const runners = new Map<string, ReturnType<typeof createRunner>>();
async function runnerOf(page: string) {
  const runner = runners.get(page) ?? createRunner(stack);
  runners.set(page, runner);
  return runner;
}

it.each(["openai-sdk", "vercel-ai-sdk"])(
  "scripts/examples/%s.ts runs",
  { timeout: BLOCK_MS },
  async (name) => {
    const runner = await runnerOf("README");
    // What a model says that was tuned for seconds is not for a test to know: the base model answers.
    const command = `MODEL=minimind2-small NODE_NO_WARNINGS=1 node ${join(root, "scripts/examples", name)}.ts`;
    const output = await runner.run("sh", command);
    expect(output).toMatch(/^completion: /);
    expect(output).toMatch(/^chat: \S+/m);
  },
);

it("README links every guide", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  for (const name of guideNames) expect(readme).toContain(`(functions/docs/guides/${name}.md)`);
});

if (chromiumPath === undefined) console.warn(`Tests of /docs are skipped: this ${NO_BROWSER}`);
describe.skipIf(chromiumPath === undefined)("/docs", { timeout: BLOCK_MS }, () => {
  it("shows the whole API, asks nobody but this server, and needs nothing that its policy forbids", async () => {
    const browser = await launch();
    try {
      const { page, foreign, errors } = await openPage(browser, stack.url);
      await page.goto("/docs");
      await page.getByText("Answer a conversation").first().waitFor();
      expect(await page.getByText("Experiments").count()).toBeGreaterThan(0);
      expect({ foreign, errors }).toEqual({ foreign: [], errors: [] });
      await page.goto("/docs/guides/");
      await page.getByRole("main").getByRole("link", { name: "A/B test" }).click();
      await page.getByRole("heading", { name: "How many users" }).waitFor();
      await page.getByRole("main").getByRole("link", { name: "going to production" }).click();
      await page.getByRole("heading", { name: "Trainers" }).waitFor();
      expect({ foreign, errors }).toEqual({ foreign: [], errors: [] });
    } finally {
      await browser.close();
    }
  });
});
