import { describe, expect, it } from "vitest";
import { estimateBits, GENERATED_BITS, generatePassphrase, strengthOf } from "./passphrase.ts";

describe("the generator", () => {
  it("makes four groups of four from an alphabet without look-alikes", () => {
    const alphabet = /^([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$/;
    for (let i = 0; i < 200; i += 1) expect(generatePassphrase()).toMatch(alphabet);
  });

  it("has at least 77 bits: every one of 32 symbols occurs at every place, about equally often", () => {
    expect(GENERATED_BITS).toBeGreaterThanOrEqual(77);
    const rounds = 6400;
    const counts = Array.from({ length: 16 }, () => new Map<string, number>());
    for (let i = 0; i < rounds; i += 1) {
      const symbols = generatePassphrase().replaceAll("-", "");
      counts.forEach((count, at) => {
        const symbol = symbols.charAt(at);
        count.set(symbol, (count.get(symbol) ?? 0) + 1);
      });
    }
    for (const count of counts) {
      expect(count.size).toBe(32);
      // Each is expected 200 times. The limit is six standard deviations.
      for (const times of count.values()) expect(Math.abs(times - 200)).toBeLessThan(84);
    }
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
    expect(strengthOf(GENERATED_BITS)).toEqual({
      level: "strong",
      fraction: 1,
      guessing: "longer than anybody can wait",
    });
  });
});
