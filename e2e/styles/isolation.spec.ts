/** The panel looks the same in every host, and the panel's stylesheet does not change any host. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import tailwind4 from "@tailwindcss/postcss";
import postcss from "postcss";
import tailwind3 from "tailwindcss-3";
import { checkBackup, makeBackup } from "../support/api.ts";
import { operationPath, PANEL } from "../support/panel.ts";
import { expect, test } from "../support/test.ts";
import { countDifferences } from "./compare-pictures.ts";

const require = createRequire(import.meta.url);
const PANEL_CSS = fileURLToPath(new URL("../../dist/styles.css", import.meta.url));
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Utilities with the same names as the panel's own, except for the prefix. */
const UTILITIES =
  "flex grid hidden block inline-flex items-center gap-4 rounded-lg border p-4 px-8 text-sm text-lg font-bold container card badge truncate sr-only w-full min-h-10";

/** Typical stylesheets of hosts. */
const HOSTS: Record<string, () => Promise<string>> = {
  "Bootstrap 5": () => readFile(require.resolve("bootstrap/dist/css/bootstrap.css"), "utf8"),
  "Tailwind 3": async () => {
    const content = [{ raw: UTILITIES, extension: "html" }];
    const source = "@tailwind base; @tailwind components; @tailwind utilities;";
    return (await postcss([tailwind3({ content })]).process(source, { from: undefined })).css;
  },
  "Tailwind 4": async () => {
    const source = `@import "tailwindcss" source(none); @source inline("${UTILITIES}");`;
    return (await postcss([tailwind4()]).process(source, { from: here("host.css") })).css;
  },
  "bare elements": () => readFile(here("awkward.css"), "utf8"),
};

/** Fixes what would vary in a test: the panel's place in the host, the host's font, and everything that moves. */
const STILL = `
  html { font-family: sans-serif !important; }
  body { margin: 0 !important; font: 16px/1.5 sans-serif !important; }
  section.pba { all: unset !important; position: fixed !important; inset: 0 !important; z-index: 9; background: Canvas !important; }
  * { transition: none !important; animation: none !important; caret-color: transparent !important; }`;

// The tests mostly wait for pictures, and none of them changes the shop.
test.describe.configure({ mode: "parallel" });

for (const [colorScheme, width] of [
  ["light", 1280],
  ["dark", 390],
] as const) {
  test(`the panel is the same, whatever stylesheet the host has, ${colorScheme}, ${width} px wide`, async ({
    browser,
    page,
    folder,
  }) => {
    const hosts = await Promise.all(
      Object.entries(HOSTS).map(async ([name, css]) => [name, await css()] as const),
    );
    const panelCss = await readFile(PANEL_CSS, "utf8");
    // Replaces the demo's stylesheet with the panel's alone.
    await page.route("**/*.css*", (route) =>
      route.fulfill({ contentType: "text/css", body: panelCss }),
    );
    const plan = await checkBackup(page.request, await makeBackup(page.request, folder));
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 1600 });
    for (const [path, heading] of [
      [PANEL, "Table order"],
      [`${PANEL}/order`, "Table order"],
      [`${PANEL}/create`, "Encryption"],
      [`${PANEL}/restore`, "Restore a backup"],
      [`${operationPath(plan)}/scope`, "What should come back?"],
      [`${operationPath(plan)}/changes`, "Replace the data?"],
    ] as const) {
      await page.goto(path);
      await expect(page.getByRole("heading", { name: heading }).first()).toBeVisible();
      await page.waitForLoadState("networkidle");
      await page.addStyleTag({ content: STILL });
      let alone = await pictureOf(page);
      for (const [host, css] of hosts) {
        const look = () => beside(page, css, () => pictureOf(page));
        let pixels = await countDifferences(browser, await look(), alone);
        // Redrawn, a page may differ from itself in a pixel of a curve. A stylesheet's effect is the same each time.
        for (let again = 0; again < 3 && pixels > 0; again++) {
          alone = await pictureOf(page);
          pixels = await countDifferences(browser, await look(), alone);
        }
        // Read this only after a difference, because it contains the whole style of every element, twice.
        const differences =
          pixels === 0
            ? []
            : findDifferences(
                await readStyles(page),
                await beside(page, css, () => readStyles(page)),
              );
        expect.soft({ pixels, differences }, `${path} beside ${host}`).toEqual({
          pixels: 0,
          differences: [],
        });
      }
    }
  });
}

test("a host is the same, with the panel's stylesheet and without", async ({ browser, page }) => {
  const panelCss = await readFile(PANEL_CSS, "utf8");
  const html = await readFile(here("host.html"), "utf8");
  for (const [host, css] of [
    ["no stylesheet", async () => ""] as const,
    ...Object.entries(HOSTS),
  ]) {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const pictureOf = async (styles: string[]) => {
        const tags = styles.map((it) => `<style>${it}</style>`).join("");
        await page.setContent(
          `<!doctype html><html lang="en"><head>${tags}</head><body>${html}</body></html>`,
        );
        return page.screenshot({ fullPage: true, animations: "disabled" });
      };
      const own = await css();
      const without = await pictureOf([own]);
      for (const styles of [
        [own, panelCss],
        [panelCss, own],
      ]) {
        const pixels = await countDifferences(browser, await pictureOf(styles), without);
        expect.soft(pixels, `${host}, ${colorScheme}`).toBe(0);
      }
    }
  }
});

const pictureOf = (page: Page): Promise<Buffer> => page.screenshot({ animations: "disabled" });

/** Returns what `see` finds while the page also has a stylesheet. */
async function beside<Seen>(page: Page, css: string, see: () => Promise<Seen>): Promise<Seen> {
  const style = await page.addStyleTag({ content: css });
  const seen = await see();
  await style.evaluate((element) => (element as Element).remove());
  return seen;
}

/** Each element in document order, with a description and its computed style. */
type Styles = Array<[string, Record<string, string>]>;

function readStyles(page: Page): Promise<Styles> {
  return page.evaluate(() =>
    [...document.querySelectorAll(".pba-ground :not(svg *)")].map((element) => {
      const style = getComputedStyle(element);
      const names = [...style].filter((name) => !name.startsWith("--"));
      return [
        `${element.tagName.toLowerCase()} “${element.textContent?.slice(0, 30)}”`,
        Object.fromEntries(names.map((name) => [name, style.getPropertyValue(name)])),
      ];
    }),
  );
}

/** Returns the first elements whose style differs, for a person to read. */
function findDifferences(before: Styles, after: Styles): string[] {
  const found = before.flatMap(([what, style], index) => {
    const other = after[index]?.[1] ?? {};
    const changes = Object.keys(style)
      .filter((name) => style[name] !== other[name])
      .map((name) => `${name} ${style[name]} → ${other[name]}`);
    return changes.length > 0 ? [`${what}: ${changes.slice(0, 6).join("; ")}`] : [];
  });
  return found.slice(0, 8);
}
