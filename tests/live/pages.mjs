// Opens pages in a browser, light and dark, wide and narrow, and tells as JSON what was seen.
// node pages.mjs <folder with node_modules> <the browser> <its home> <page>…
// A screenshot of each stands beside its page.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, executablePath, home, ...files] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const browser = await chromium.launchPersistentContext(`${home}/profile`, {
  executablePath,
  headless: true,
  chromiumSandbox: false,
  env: { HOME: home, PATH: process.env.PATH },
  args: ["--disable-background-networking", "--disable-component-update", "--disable-gpu", "--no-first-run"],
});

async function look(file, scheme, width) {
  const page = await browser.newPage();
  const said = [];
  const asked = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("request", (request) => asked.push(request.url()));
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme: scheme });
  await page.goto(pathToFileURL(file).href);
  const [needed, ground] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    getComputedStyle(document.body).backgroundColor,
  ]);
  await page.screenshot({ path: `${file}.${scheme}.${width}.png` });
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run());
  await page.close();
  return { file, scheme, width, needed, ground, said, asked, faults: faults(found) };
}

// What axe finds, and what it cannot decide: but of a sign alone, + or −, it cannot read the colours' contrast.
function faults({ violations, incomplete }) {
  const unsure = incomplete.map(({ id, nodes }) => ({ id, nodes: nodes.filter((node) => !isSign(node)) }));
  return [...violations, ...unsure.filter(({ nodes }) => nodes.length)].map(
    ({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)} ${nodes[0].failureSummary}`,
  );
}

const isSign = ({ any }) => any.length > 0 && any.every(({ data }) => data?.messageKey === "nonBmp");

const seen = [];
for (const file of files)
  for (const scheme of ["light", "dark"]) for (const width of [1280, 400]) seen.push(await look(file, scheme, width));
await browser.close();
process.stdout.write(JSON.stringify(seen));
