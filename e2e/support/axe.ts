import { expect, type Page } from "@playwright/test";
import axe from "axe-core";

/** Fails on what axe finds serious or critical in the page as it is now, and names where. */
export async function expectAccessible(page: Page) {
  // From light to dark, the shop's links change their colours in a few frames, of which none is to be judged.
  await page.evaluate(() =>
    Promise.allSettled(
      document
        .getAnimations()
        .filter((it) => it instanceof CSSTransition)
        .map(({ finished }) => finished),
    ),
  );
  await page.evaluate(axe.source);
  const findings = await page.evaluate(async () => {
    // From one page to another, Next takes the title away a moment before it has the next: waited for below.
    const { violations } = await window.axe.run({
      rules: { "document-title": { enabled: false } },
    });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, help, nodes }) =>
        nodes.map(
          ({ target, failureSummary }) => `${id} (${help}): ${target.join(" ")}\n${failureSummary}`,
        ),
      );
  });
  expect(findings, page.url()).toEqual([]);
  await expect(page).toHaveTitle(/\S/);
}

/** In the light and in the dark, which have colours of their own. */
export async function expectAccessibleInBoth(page: Page) {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await expectAccessible(page);
  }
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "no-preference" });
}

declare global {
  interface Window {
    axe: typeof axe;
  }
}
