import {
  AppRouterContext,
  type AppRouterInstance,
} from "next/dist/shared/lib/app-router-context.shared-runtime";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { BackupAdminPanel } from "./backup-admin-panel.tsx";
import { BackupAdminForbidden } from "./forbidden.tsx";
import { Progress } from "./ui/progress.tsx";

const actor = { id: "ada", name: "Ada" };

const nowhere = () => {};
/** Next provides a router on every page. Nothing navigates while HTML is rendered. */
const router: AppRouterInstance = {
  back: nowhere,
  forward: nowhere,
  refresh: nowhere,
  push: nowhere,
  replace: nowhere,
  prefetch: nowhere,
  bfcacheId: "0",
};

/**
 * What a Content Security Policy without 'unsafe-inline' blocks. In the browser, React sets styles through the CSSOM,
 * which the policy allows.
 */
const INLINE = /\sstyle=|<style|<script|\son[a-z]+=|javascript:/i;

it.each([
  ["the overview", []],
  ["the form for a backup", ["create"]],
  ["the form for a restore", ["restore"]],
  ["looking inside", ["restore", "inside"]],
  ["an operation", ["operations", "0"]],
  ["a step of a restore", ["operations", "0", "changes"]],
  ["no page", ["nothing"]],
])("the server's HTML of %s has nothing inline", (_, view) => {
  const html = renderToStaticMarkup(
    <AppRouterContext value={router}>
      <BackupAdminPanel basePath="/admin/backup" view={view} actor={actor} />
    </AppRouterContext>,
  );
  expect(html).toContain('class="pba"');
  expect(html).not.toMatch(INLINE);
});

it("nor has that of the refusal, and of a progress bar", () => {
  const forbidden = renderToStaticMarkup(<BackupAdminForbidden signInPath="/sign-in" />);
  expect(forbidden).toContain("/sign-in");
  expect(forbidden).not.toMatch(INLINE);
  const progress = renderToStaticMarkup(<Progress label="Rows" fraction={0.25} />);
  expect(progress).toContain('aria-valuenow="25"');
  expect(progress).not.toMatch(INLINE);
});
