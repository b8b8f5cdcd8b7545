/**
 * `node scripts/screenshots.ts` takes the README's pictures of the dashboard. It wants a stack that runs on this machine
 * (`npm start -- --no-example`), fills it with a small shop's support tickets, and needs a few minutes for tuning.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { readCredentials } from "./dev/credentials.ts";
import { root } from "./dev/paths.ts";
import { takePictures } from "./screenshots/pictures.ts";
import { fillStack } from "./screenshots/fill-stack.ts";

const folder = join(root, "scripts/screenshots/pictures");
const url = `http://127.0.0.1:${process.env["PORT"] ?? 8787}`;

const credentials = readCredentials();
if (!credentials) throw new Error("No stack has run here yet, wanted one: npm start -- --no-example");
const filled = await fillStack(url, credentials.apiKey, console.log);
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
try {
  await takePictures(browser, { url, key: credentials.apiKey, folder, ...filled });
} finally {
  await browser.close();
}
