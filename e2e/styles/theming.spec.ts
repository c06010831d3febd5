/** Which colours the panel uses: a host's tokens or its own. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { layoutFile } from "../../lib/cli/init/templates.ts";
import { expect, test } from "../support/test.ts";

const PANEL_CSS = fileURLToPath(new URL("../../dist/styles.css", import.meta.url));

/** The backgrounds of the panel, of a card in it, and of its main button. */
const PANEL = `
  <section class="pba"><div class="pba-ground">
    <section class="pba:bg-surface">Card</section>
    <button type="button" class="pba:bg-accent pba:text-on-accent">Button</button>
  </div></section>`;

interface Look {
  /** Attributes of the elements, from `<html>` inwards. */
  html?: string;
  inner?: string;
  css?: string;
  media?: "light" | "dark";
}

/** Returns red, green and blue, whatever colour space a style uses. */
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

/** As in shadcn for Tailwind 3, or wrapped as in its Tailwind 4 version: `--background: 210 40% 98%`. */
const channels = (wrap: (it: string) => string) => `
  :root { --background: ${wrap("210 40% 98%")}; --foreground: ${wrap("222.2 84% 4.9%")}; --card: ${wrap("0 0% 100%")};
    --primary: ${wrap("222.2 47.4% 11.2%")}; --primary-foreground: ${wrap("210 40% 98%")}; --muted-foreground: ${wrap("215.4 16.3% 46.9%")};
    --border: ${wrap("214.3 31.8% 91.4%")}; --ring: ${wrap("222.2 84% 4.9%")}; --destructive: ${wrap("0 84.2% 60.2%")}; }
  .dark { --background: ${wrap("222.2 84% 4.9%")}; --foreground: ${wrap("210 40% 98%")}; --card: ${wrap("222.2 84% 4.9%")};
    --primary: ${wrap("210 40% 98%")}; --primary-foreground: ${wrap("222.2 47.4% 11.2%")}; --muted-foreground: ${wrap("215 20.2% 65.1%")};
    --border: ${wrap("217.2 32.6% 17.5%")}; --ring: ${wrap("212.7 26.8% 83.9%")}; --destructive: ${wrap("0 62.8% 30.6%")}; }`;

test("tokens as the channels of hsl() are the colours that they mean", async ({ page }) => {
  const own = await look(page, {});
  for (const html of ["", `class="dark"`]) {
    const whole = await look(page, { css: channels((it) => `hsl(${it})`), html });
    const bare = await look(page, { css: channels((it) => it), html });
    expect(bare).toEqual(whole);
    expect(bare.ground).not.toBe(own.ground);
  }
});

test("tokens that some are whole colours and some channels, or missing", async ({ page }) => {
  const [whole, mixed] = [`hsl(222.2 47.4% 11.2%)`, "222.2 47.4% 11.2%"].map(
    (primary) =>
      `:root { --background: white; --foreground: hsl(222 84% 5%); --primary: ${primary}; }`,
  );
  expect(await look(page, { css: mixed ?? "" })).toEqual(await look(page, { css: whole ?? "" }));
});

test("tokens that are no colours are left alone", async ({ page }) => {
  const none = ":root { --background: none; --foreground: url(x); --card: 12px; --primary: yes; }";
  const own = await look(page, {});
  expect(await look(page, { css: none })).toEqual(own);
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
