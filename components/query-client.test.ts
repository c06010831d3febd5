import { MutationObserver } from "@tanstack/react-query";
import { expect, it } from "vitest";
import { getQueryClient } from "./query-client.ts";

it("forgets what was sent once its view is gone, for it may hold a passphrase", async () => {
  const client = getQueryClient();
  const mutations = client.getMutationCache();
  const view = new MutationObserver(client, { mutationFn: async (_: string) => {} });
  const leave = view.subscribe(() => {});
  await view.mutate("umbrella-7-quartz-window");
  expect(mutations.getAll()).toHaveLength(1);
  leave();
  await expect.poll(() => mutations.getAll()).toEqual([]);
});
