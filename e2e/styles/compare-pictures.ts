import type { Browser } from "@playwright/test";

/** Smaller differences come from anti-aliasing: the same page drawn twice differs by one level in places. */
const VISIBLE_LEVELS = 8;

/** Returns how many pixels of two PNGs differ visibly. All of them, if their sizes differ. */
export async function countDifferences(
  browser: Browser,
  one: Buffer,
  other: Buffer,
): Promise<number> {
  if (one.equals(other)) return 0;
  const page = await browser.newPage();
  try {
    return await page.evaluate(
      async ({ sources, levels }) => {
        const [a, b] = await Promise.all(
          sources.map(async (source) => {
            const image = new Image();
            image.src = source;
            await image.decode();
            const canvas = new OffscreenCanvas(image.width, image.height);
            const context = canvas.getContext("2d");
            context?.drawImage(image, 0, 0);
            return context?.getImageData(0, 0, image.width, image.height);
          }),
        );
        if (!a || !b) throw new Error("no canvas");
        if (a.width !== b.width || a.height !== b.height) return Number.POSITIVE_INFINITY;
        let count = 0;
        for (let at = 0; at < a.data.length; at += 4) {
          const differs = [0, 1, 2].some(
            (channel) =>
              Math.abs((a.data[at + channel] ?? 0) - (b.data[at + channel] ?? 0)) > levels,
          );
          if (differs) count++;
        }
        return count;
      },
      {
        sources: [one, other].map((png) => `data:image/png;base64,${png.toString("base64")}`),
        levels: VISIBLE_LEVELS,
      },
    );
  } finally {
    await page.close();
  }
}
