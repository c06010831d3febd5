import { describe, expect, it } from "vitest";
import { WORDS } from "./create/words.ts";
import { estimateBits, generatePassphrase, strengthOf } from "./passphrase.ts";

describe("the generator", () => {
  it("has words that are easy to type, and that nobody can mistake for each other", () => {
    expect(new Set(WORDS).size).toBe(2048);
    expect(new Set(WORDS.map((word) => word.slice(0, 4))).size).toBe(2048);
    for (const word of WORDS) expect(word).toMatch(/^[a-z]{3,8}$/);
  });

  it("makes 66 bits of six words: each occurs, about equally often, and at each place", async () => {
    const times = new Map(WORDS.map((word) => [word, 0]));
    const places = Array.from({ length: 6 }, () => new Set<string>());
    for (let i = 0; i < 4 * WORDS.length; i += 1) {
      const words = (await generatePassphrase()).split("-");
      expect(words).toHaveLength(6);
      for (const [at, word] of words.entries()) {
        times.set(word, (times.get(word) ?? 0) + 1);
        places[at]?.add(word);
      }
    }
    expect(times.size).toBe(2048);
    // Each is expected 24 times. The limit is eight standard deviations.
    for (const count of times.values()) expect(Math.abs(count - 24)).toBeLessThan(40);
    // 2,010 are expected.
    for (const place of places) expect(place.size).toBeGreaterThan(1900);
  });
});

describe("the estimate", () => {
  const levelOf = (passphrase: string) => strengthOf(estimateBits(passphrase)).level;

  it.each([
    "",
    "aaaaaaaaaaaaaaaaaaaa",
    "12345",
    "123456789",
    "abcdefghijkl",
    "password",
    "Password1!",
    "qwerty123",
    "letmein2024",
    "summer2026",
    "passpasspass",
    "Berlin1987",
    "secret backup",
    "aa11aa11",
  ])("calls %j weak", (passphrase) => expect(levelOf(passphrase)).toBe("weak"));

  it.each(["correct horse battery staple", "Tr4ctor-lamp-9917", "river stone copper"])(
    "calls %j neither weak nor strong",
    (passphrase) => expect(["fair", "good"]).toContain(levelOf(passphrase)),
  );

  it.each([
    "orbit mango velvet thirty canyon lantern",
    "7f!2kQ#9xZ@4mB%1pR",
    "k7qf-2m9x-0hvb-w4ts",
  ])("calls %j good or strong", (passphrase) =>
    expect(["good", "strong"]).toContain(levelOf(passphrase)),
  );

  it("never falls when a new word is added", () => {
    let text = "";
    let before = 0;
    for (const word of ["orbit", " mango", " 4711", " velvet", "!", " canyon"]) {
      text += word;
      expect(estimateBits(text)).toBeGreaterThanOrEqual(before);
      before = estimateBits(text);
    }
  });

  it("says how long guessing takes", () => {
    expect(strengthOf(10).guessing).toBe("less than two minutes");
    expect(strengthOf(30).guessing).toBe("about 15 hours");
    expect(strengthOf(41).guessing).toBe("about 3 years");
    expect(strengthOf(66)).toMatchObject({
      level: "good",
      guessing: "longer than anybody can wait",
    });
  });
});
