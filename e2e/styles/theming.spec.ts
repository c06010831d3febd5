/** Which colours the panel takes, of a host's tokens and its own. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { layoutFile } from "../../lib/cli/init/templates.ts";
import { expect, test } from "../support/test.ts";

const PANEL_CSS = fileURLToPath(new URL("../../dist/styles.css", import.meta.url));

/** The grounds of the panel, of a card in it, and of its main button. */
const PANEL = `
  <section class="pba"><div class="pba-ground">
    <section class="pba:bg-surface">Card</section>
    <button type="button" class="pba:bg-accent pba:text-on-accent">Button</button>
  </div></section>`;

interface Look {
  /** Elements' attributes, from `<html>` inwards. */
  html?: string;
  inner?: string;
  css?: string;
  media?: "light" | "dark";
}

/** As red, green, blue: whatever colour space a style names. */
async function look(page: Page, { html = "", inner = "", css = "", media = "light" }: Look) {
  await page.emulateMedia({ colorScheme: media });
  const panelCss = await readFile(PANEL_CSS, "utf8");
  await page.setContent(
    `<!doctype html><html lang="en" ${html}><head><style>${panelCss}</style><style>${css}</style></head><body><div ${inner}>${PANEL}</div></body></html>`,
  );
  return page.evaluate(() => {
    const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const colour = (selector: string, name: "backgroundColor" | "color" = "backgroundColor") => {
      const element = document.querySelector(selector);
      if (!element || !context) throw new Error(`There is no ${selector}.`);
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = getComputedStyle(element)[name];
      context.fillRect(0, 0, 1, 1);
      return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)].join(" ");
    };
    return {
      ground: colour(".pba-ground"),
      text: colour(".pba-ground", "color"),
      card: colour(".pba-ground section"),
      button: colour(".pba-ground button"),
      label: colour(".pba-ground button", "color"),
    };
  });
}

const SHADCN = `:root {
  --background: rgb(250 240 230); --foreground: rgb(40 20 10); --card: rgb(255 250 245);
  --primary: rgb(120 0 60); --primary-foreground: rgb(255 230 240); }`;
const SHADCN_COLOURS = {
  ground: "250 240 230",
  text: "40 20 10",
  card: "255 250 245",
  button: "120 0 60",
  label: "255 230 240",
};

test("shadcn's tokens are the panel's colours", async ({ page }) => {
  expect(await look(page, { css: SHADCN })).toEqual(SHADCN_COLOURS);
  expect(await look(page, { css: SHADCN, media: "dark" })).toEqual(SHADCN_COLOURS);
});

test("tokens that are no colours by themselves are left alone", async ({ page }) => {
  const bare = `:root { --background: 0 0% 100%; --foreground: 222 84% 4.9%; --card: 0 0% 100%; --primary: 222 47% 11%; }`;
  const own = await look(page, {});
  expect(await look(page, { css: bare })).toEqual(own);
  expect(own).not.toMatchObject({ ground: "0 0 0" });
});

test("the panel's own variables count more", async ({ page }) => {
  const own = ":root { --pba-accent: rgb(0 90 30); --pba-surface: rgb(1 2 3); }";
  expect(await look(page, { css: SHADCN + own })).toEqual({
    ...SHADCN_COLOURS,
    button: "0 90 30",
    card: "1 2 3",
  });
  expect(await look(page, { css: own })).toEqual({
    ...(await look(page, {})),
    button: "0 90 30",
    card: "1 2 3",
  });
});

test("a class or an attribute counts more than the system's setting", async ({ page }) => {
  const light = await look(page, { media: "light" });
  const dark = await look(page, { media: "dark" });
  for (const part of ["ground", "text", "card", "button"] as const)
    expect(dark[part]).not.toBe(light[part]);
  for (const place of ["html", "inner"] as const) {
    for (const said of [`class="@"`, `data-theme="@"`, `data-bs-theme="@"`]) {
      const attribute = (value: string) => ({ [place]: said.replace("@", value) });
      expect(await look(page, { ...attribute("dark"), media: "light" }), said).toEqual(dark);
      expect(await look(page, { ...attribute("light"), media: "dark" }), said).toEqual(light);
    }
  }
});

test.describe("in the root layout that init writes", () => {
  const layout = layoutFile({ isTypeScript: false });
  const [, declarations = ""] = /const style = \{\n(.*?)\};/s.exec(layout) ?? [];
  const style = declarations
    .replaceAll(/[A-Z]/g, (it) => `-${it.toLowerCase()}`)
    .replaceAll(/"|,$/gm, "");

  for (const media of ["light", "dark"] as const) {
    test(`it fills the window: ${media}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme: media });
      const css = await readFile(PANEL_CSS, "utf8");
      await page.setContent(
        `<!doctype html><html style="color-scheme: light dark"><head><style>${css}</style></head><body style="${style.replaceAll("\n", ";")}">${PANEL}</body></html>`,
      );
      const ground = await page.locator(".pba-ground").boundingBox();
      expect(ground).toEqual({ x: 0, y: 0, ...page.viewportSize() });
    });
  }
});
