import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import type { Filled } from "./fill-stack.ts";

export interface Pictures extends Filled {
  readonly url: string;
  readonly key: string;
  readonly folder: string;
}

interface Picture {
  readonly name: string;
  readonly path: string;
  readonly theme?: "light" | "dark";
  readonly phone?: boolean;
  /** What is done before the picture is taken. */
  prepare?(page: Page): Promise<void>;
}

const DESKTOP = { viewport: { width: 1280, height: 860 } };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

/** One PNG of each page, as a person sees it first. */
export async function takePictures(
  browser: Browser,
  { url, key, folder, ...filled }: Pictures,
): Promise<void> {
  for (const { name, path, theme = "light", phone = false, prepare } of picturesOf(filled)) {
    const page = await browser.newPage({
      ...(phone ? PHONE : DESKTOP),
      colorScheme: theme,
      reducedMotion: "reduce",
    });
    await page.goto(`${url}/#key=${key}`);
    await page.getByRole("navigation").waitFor();
    await page.goto(url + path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.getByRole("status", { name: "Loading" }).first().waitFor({ state: "detached" });
    for (const plot of await page.locator(".plot").all()) await plot.locator("canvas").waitFor();
    await prepare?.(page);
    await page.screenshot({ path: join(folder, `${name}.png`) });
    await page.close();
  }
}

function picturesOf({ dataset, refused, jobs, prompt, model, experiment }: Filled): Picture[] {
  const playground = `/playground?model=${encodeURIComponent(model)}`;
  return [
    { name: "overview", path: "/" },
    { name: "dataset", path: `/datasets/${dataset}` },
    { name: "refused", path: `/datasets/${refused}` },
    { name: "job", path: `/jobs/${jobs.at(-1)}` },
    { name: "compare", path: `/jobs/compare?ids=${jobs.join()}` },
    { name: "prompt", path: `/prompts/${prompt}` },
    { name: "playground", path: playground, prepare: askBoth },
    { name: "experiment", path: `/experiments/${experiment}` },
    { name: "experiment-dark", path: `/experiments/${experiment}`, theme: "dark" },
    { name: "phone", path: `/jobs/${jobs.at(-1)}`, phone: true },
    { name: "phone-dark", path: playground, phone: true, theme: "dark", prepare: askBoth },
  ];
}

async function askBoth(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Use a row of its dataset" }).click();
  await page.getByLabel("Most tokens").fill("6");
  await page.getByRole("button", { name: "Ask both" }).click();
  const probabilities = page.getByText("Label probabilities");
  await probabilities.nth(1).waitFor();
}
