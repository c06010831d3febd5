import { expect, type Page } from "@playwright/test";
import axe from "axe-core";

/** Fails if axe finds a serious or critical problem in the page as it is now, and names the place. */
export async function expectAccessible(page: Page) {
  // When the mode changes, the shop's links change their colours over a few frames. Wait for the last one.
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
    // On the way to another page, Next removes the title a moment before it sets the next one. The title is checked
    // below.
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

/** Checks light and dark mode, which have different colours. */
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
