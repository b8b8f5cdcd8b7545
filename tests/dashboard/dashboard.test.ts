import { readFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tickets } from "../../scripts/screenshots/tickets.ts";
import { startLocalStack, type StackProcess } from "../e2e/local-stack.ts";
import {
  chromiumPath,
  compressedBytes,
  expectAccessible,
  expectNoSidewaysScroll,
  launch,
  NO_BROWSER,
  openPage,
  type Watched,
} from "./browser.ts";
import { reportOutcomes } from "../../scripts/screenshots/report-outcomes.ts";

const FIRST_LOAD_LIMIT = 150_000;
/** A trainer starts, tunes a few steps and evaluates in seconds; on a busy machine in many of them. */
const TUNING_MS = 300_000;

if (chromiumPath === undefined) console.warn(`The dashboard's tests are skipped: this ${NO_BROWSER}`);

describe.skipIf(chromiumPath === undefined)("the dashboard", { timeout: TUNING_MS }, () => {
  let stack: StackProcess;
  let browser: Browser;
  let key: string;
  let watched: Watched;
  let page: Page;
  beforeAll(async () => {
    [browser, stack] = await Promise.all([launch(), startLocalStack(["--no-example"])]);
    await stack.printed("Serving");
    key = (await stack.credentials()).apiKey;
    watched = await openPage(browser, stack.url);
    page = watched.page;
    // A browser, workerd and a trainer share the machine with all other tests.
    page.setDefaultTimeout(90_000);
  }, TUNING_MS);
  afterAll(async () => {
    await browser?.close();
    stack?.child.kill("SIGINT");
    await stack?.exited;
    await stack?.clean();
  });

  const heading = async (name: string | RegExp) => page.getByRole("heading", { level: 1, name }).waitFor();
  const main = () => page.getByRole("main");
  const press = async (name: string | RegExp) => page.getByRole("button", { name }).click();
  const open = async (link: string) => page.getByRole("navigation").getByRole("link", { name: link }).click();

  test("signs in with a key, in words where it is wrong, within 150 KB", async () => {
    await page.goto("/");
    await page.getByLabel("API key").fill("fw_wrong");
    await press("Sign in");
    await page.getByRole("alert").filter({ hasText: "Incorrect API key" }).waitFor();
    await expectAccessible(page);
    await page.getByLabel("API key").fill(key);
    await press("Sign in");
    await heading("Overview");
    await page.getByText("Try it on your users").waitFor();
    expect(await compressedBytes(watched.responses)).toBeLessThan(FIRST_LOAD_LIMIT);

    const [document] = watched.responses;
    expect(document?.headers()).toMatchObject({
      "content-security-policy": expect.stringContaining("default-src 'none'; script-src 'self'") as string,
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
    });
    expect(watched.responses.filter((response) => response.url().includes(key))).toEqual([]);
  });

  test("npm start's link signs in, and leaves no key in the address bar", async () => {
    const link = new RegExp(`${stack.url}/#key=\\S+`).exec(stack.output())?.[0] ?? "";
    const other = await openPage(browser, stack.url);
    await other.page.goto(link);
    await other.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    expect(other.page.url()).toBe(`${stack.url}/`);
    await other.page.reload();
    await other.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await other.page.getByRole("button", { name: "Sign out" }).click();
    await other.page.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
    await other.page.context().close();
  });

  test("a page's address can be opened by itself, and the API's paths stay the API's", async () => {
    await page.goto("/jobs");
    await heading("Tuning jobs");
    await page.getByText("No job yet").waitFor();
    for (const path of ["/v1/models", "/v1/nothing", "/nothing", "/health", "/openapi.json"]) {
      const response = await page.request.get(path);
      expect(response.headers()["content-type"], path).toContain("application/json");
    }
  });

  test("lists a bad file's problems line by line", async () => {
    await open("Datasets");
    const bad = '{"text": "fine", "label": "a"}\nnot json\n{"prompt": "without completion"}\n';
    await page.getByLabel("Dataset file").setInputFiles({
      name: "Bad Rows.jsonl",
      mimeType: "application/jsonl",
      buffer: Buffer.from(bad),
    });
    await page.getByRole("dialog").getByLabel("Name").waitFor();
    expect(await page.getByRole("dialog").getByLabel("Name").inputValue()).toBe("bad-rows");
    await expectAccessible(page);
    await press("Upload");
    await heading("bad-rows");
    await page.getByText("Refused: 2 bad rows.").waitFor();
    const rows = await page.getByRole("region", { name: "Bad rows" }).getByRole("row").allInnerTexts();
    expect(rows[1]).toMatch(/^2\s+invalid_json/);
    expect(rows[2]).toMatch(/^3\s+/);
  });

  test("a file that is dropped is uploaded, checked and tuned on, live", async () => {
    await open("Datasets");
    await page.getByText("Drop a JSON lines file here").waitFor();
    const rows = tickets(60).map((row) => JSON.stringify(row));
    const text = rows.slice(0, 48).join("\n");
    const files = await page.evaluateHandle((content) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([content], "tickets.jsonl"));
      return transfer;
    }, text);
    await page.locator(".drop").dispatchEvent("drop", { dataTransfer: files });
    await page.getByLabel("Validation rows").setInputFiles({
      name: "valid.jsonl",
      mimeType: "application/jsonl",
      buffer: Buffer.from(rows.slice(48).join("\n")),
    });
    await page.getByText("Settings", { exact: true }).click();
    await page.getByLabel("Virtual tokens").fill("2");
    await page.getByLabel("Epochs").fill("1");
    await press("Upload");
    await heading("tickets");
    await page.getByText("Accepted.").waitFor();
    const labels = main().locator(".card", { has: page.getByRole("heading", { name: "Labels" }) });
    expect(await labels.getByRole("listitem").allInnerTexts()).toEqual([
      expect.stringMatching(/account\s+16 \(33\.3 %\)/),
      expect.stringMatching(/billing\s+16 \(33\.3 %\)/),
      expect.stringMatching(/shipping\s+16 \(33\.3 %\)/),
    ]);
    await page
      .getByRole("img", { name: /^Histogram of tokens per row/ })
      .locator("canvas")
      .waitFor();

    await main().locator(".card", { hasText: "Tuning jobs" }).getByRole("link").click();
    await heading("tickets");
    await page.getByText("succeeded").waitFor({ timeout: TUNING_MS });
    await page
      .getByRole("img", { name: /^Loss over \d+ steps; at last: Training \d/ })
      .locator("canvas")
      .waitFor();
    await page.getByText("New fine-tuned model created").waitFor();
    await page.getByRole("rowheader", { name: "Accuracy", exact: true }).waitFor();
  });

  test("a job can be run again, cancelled, and compared", async () => {
    await press("Run again");
    await page.getByRole("main").getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel the job" }).click();
    await page.getByText("cancelled").first().waitFor({ timeout: TUNING_MS });
    await page.getByRole("button", { name: "Retry" }).waitFor();

    await open("Jobs");
    await heading("Tuning jobs");
    for (const row of [0, 1]) await page.getByRole("checkbox").nth(row).check();
    await page.getByRole("link", { name: "Compare 2 runs" }).click();
    await heading("Compare runs");
    await page.getByRole("row", { name: /^Virtual tokens\s+2\s+2$/ }).waitFor();
    await page.getByRole("img", { name: /^Loss over/ }).waitFor();
  });

  test("a soft prompt shows where it is from, how good it is, and gives its files away", async () => {
    await open("Prompts");
    await page.getByRole("rowheader", { name: "tickets" }).getByRole("link").click();
    await heading("tickets");
    const lineage = await main().locator(".lineage").innerText();
    expect(lineage).toMatch(/minimind2-small[\s\S]*tickets[\s\S]*ftjob_[\s\S]*sp_[\s\S]*None yet/);
    expect(await page.getByRole("region", { name: "Confusion matrix" }).getByRole("row").count()).toBe(4);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      press("Download adapter_config.json"),
    ]);
    expect(JSON.parse(await readFile(await download.path(), "utf8"))).toMatchObject({
      num_virtual_tokens: 2,
    });
  });

  test("the playground asks both models and shows how likely each label is", async () => {
    await main().getByRole("link", { name: "Try it" }).click();
    await heading("Playground");
    await press("Use a row of its dataset");
    await expect.poll(() => page.getByLabel("Message").inputValue()).not.toBe("");
    await page.getByLabel("Most tokens").fill("4");
    await press("Ask both");
    for (const side of ["Base model", "With the soft prompt"]) {
      const panel = page.getByRole("region", { name: side });
      await panel.getByText(/first token after \d+ ms/).waitFor();
      await panel.getByText("Label probabilities").waitFor();
      const bars = (await panel.getByRole("listitem").allInnerTexts()).map((bar) =>
        Number(/([\d.]+) %/.exec(bar)?.[1]),
      );
      expect(bars).toHaveLength(3);
      expect(bars.reduce((sum, share) => sum + share, 0)).toBeCloseTo(100, 0);
    }
  });

  test("an experiment is started, counts, gives its verdict, and is promoted", async () => {
    await open("Experiments");
    await page.getByRole("link", { name: "New experiment" }).click();
    await heading("New experiment");
    await page.getByLabel("Name").fill("router");
    await expectAccessible(page);
    await press("Start the experiment");
    await heading("router");
    await page.getByText("How to take part").waitFor();

    await reportOutcomes({
      url: stack.url,
      key,
      experiment: "router",
      metric: "accepted",
      units: 600,
      rates: { control: 0.2, tuned: 0.6 },
    });
    await page.getByText("Tuned is better", { exact: true }).waitFor();
    await page.getByRole("row", { name: /^tuned better/ }).waitFor();
    expect(await page.locator(".interval").count()).toBeGreaterThan(0);
    await press("Promote");
    await page.getByRole("dialog").getByRole("button", { name: "Promote" }).click();
    await page.getByText("promoted", { exact: true }).waitFor();
    const trail = await main()
      .locator(".card", { hasText: "Audit trail" })
      .getByRole("listitem")
      .allInnerTexts();
    expect(trail[0]).toMatch(/Promote by key_/);
    await press("Roll back");
    await page.getByRole("dialog").getByRole("button", { name: "Roll back" }).click();
    await page.getByText("rolled back").first().waitFor();
  });

  test("a split that is off is said before any verdict, and takes the verdicts away", async () => {
    // Losing one variant's requests for real would take a broken network; the numbers are changed on their way instead.
    await page.route("**/results", async (route) => {
      const response = await route.fetch();
      const results = (await response.json()) as { sample_ratio: object; verdict: object };
      const sample_ratio = { ...results.sample_ratio, mismatch: true, sequential_p_value: 0.0001 };
      const verdict = { ...results.verdict, state: "do_not_trust", text: "do not trust: sample ratio" };
      await route.fulfill({ response, json: { ...results, sample_ratio, verdict } });
    });
    await page.reload();
    await page.getByText("Do not trust: sample ratio", { exact: true }).waitFor();
    const text = await main().innerText();
    expect(text.indexOf("Sample ratio mismatch")).toBeGreaterThan(0);
    expect(text.indexOf("Sample ratio mismatch")).toBeLessThan(text.indexOf("Do not trust: sample ratio"));
    expect(await page.getByRole("row", { name: /better/ }).count()).toBe(0);
    await expectAccessible(page);
    await page.unroute("**/results");
  });

  test("every page is accessible, fits a phone, and asks nobody else, in light and dark", async () => {
    const api = async (path: string) =>
      (await (await page.request.get(path, { headers: { authorization: `Bearer ${key}` } })).json()) as {
        data: { id: string }[];
      };
    const [job, dataset, prompt, experiment] = (
      await Promise.all(["/v1/fine_tuning/jobs", "/v1/datasets", "/v1/prompts", "/v1/experiments"].map(api))
    ).map(({ data }) => data.at(-1)?.id);
    const paths = [
      "/",
      "/datasets",
      `/datasets/${dataset}`,
      "/jobs",
      `/jobs/${job}`,
      "/prompts",
      `/prompts/${prompt}`,
      "/playground",
      "/experiments",
      `/experiments/${experiment}`,
      "/experiments/new",
    ];
    for (const view of [{ theme: "light" }, { theme: "dark", width: 390, height: 844 }] as const) {
      const other = await openPage(browser, stack.url, view);
      await other.page.goto(`/#key=${key}`);
      await other.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
      for (const path of paths) {
        await other.page.goto(path);
        await other.page.getByRole("heading", { level: 1 }).waitFor();
        await other.page.getByRole("status", { name: "Loading" }).first().waitFor({ state: "detached" });
        await expectAccessible(other.page);
        await expectNoSidewaysScroll(other.page);
      }
      expect(other.foreign).toEqual([]);
      expect(other.errors).toEqual([]);
      await other.page.context().close();
    }
  });

  test("works with the keyboard alone", async () => {
    await page.goto("/");
    await heading("Overview");
    const focused = () => page.evaluate("document.activeElement.innerText.trim()");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Skip to the content");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Overview");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await heading("Datasets");
    // A page that was walked to is where the next Tab begins.
    await expect.poll(() => page.evaluate("document.activeElement.tagName")).toBe("MAIN");
    await page.getByRole("rowheader", { name: "tickets" }).waitFor();
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Choose a file");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await heading(/tickets|bad-rows/);
    await page.getByRole("button", { name: "Delete" }).press("Enter");
    await page.getByRole("dialog").waitFor();
    expect(await page.evaluate("document.querySelector('dialog').contains(document.activeElement)")).toBe(
      true,
    );
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(watched.foreign).toEqual([]);
    expect(watched.errors).toEqual([]);
  });
});
