import { expect, test as setup } from "@playwright/test";
import { SIGN_INS } from "../scripts/seed/sign-ins.ts";
import { signIn } from "./support/panel.ts";
import { ADMIN, CLERK } from "./support/test.ts";

for (const [role, file] of [
  ["admin", ADMIN],
  ["clerk", CLERK],
] as const) {
  setup(`sign in as ${role}`, async ({ page }) => {
    await page.goto("/");
    await signIn(page, SIGN_INS[role]);
    await expect(page.getByText(`Good to see you, ${SIGN_INS[role].name}.`)).toBeVisible();
    await page.context().storageState({ path: file });
  });
}
