import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type BrowserContext, test as base, expect } from "@playwright/test";

export const ADMIN = "test-results/sign-in/admin.json";
export const CLERK = "test-results/sign-in/clerk.json";

/** Every page of a test must be silent: an error or warning in the console fails the test. */
export class Console {
  readonly #problems: string[] = [];
  readonly #expected: RegExp[] = [];

  watch(context: BrowserContext): void {
    context.on("console", (message) => {
      if (message.type() !== "error" && message.type() !== "warning") return;
      this.#problems.push(`${message.text()} (${message.location().url})`);
    });
    context.on("weberror", (error) => this.#problems.push(String(error.error().stack)));
  }

  /** The browser itself reports every failed request in the console. */
  expectStatus(...statuses: number[]): void {
    for (const status of statuses) {
      this.#expected.push(
        new RegExp(`^Failed to load resource: the server responded with a status of ${status} `),
      );
    }
  }

  expectNoConnection(): void {
    this.#expected.push(/net::ERR_(INTERNET_DISCONNECTED|FAILED|ABORTED|NETWORK_CHANGED)/);
  }

  get unexpected(): string[] {
    return this.#problems.filter((text) => !this.#expected.some((it) => it.test(text)));
  }
}

export const test = base.extend<{ browserConsole: Console; folder: string }>({
  storageState: ADMIN,
  browserConsole: [
    async ({ context }, use) => {
      const watched = new Console();
      watched.watch(context);
      await use(watched);
      expect(watched.unexpected, "the browser's console").toEqual([]);
    },
    { auto: true },
  ],
  /** A folder for this test alone. */
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the parameters' names from the pattern.
  folder: async ({}, use) => {
    const folder = await mkdtemp(path.join(tmpdir(), "e2e-"));
    await use(folder);
    await rm(folder, { recursive: true, force: true });
  },
});

export { expect };
