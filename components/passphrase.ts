import { formatCount } from "../lib/shared/format.ts";

/** Crockford's base 32 alphabet: no i, l, o or u, so that it is easy to read out and type. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const GENERATED_SYMBOLS = 16;

/** Entropy of a generated passphrase: a random choice of 16 symbols out of 32. */
export const GENERATED_BITS = GENERATED_SYMBOLS * Math.log2(ALPHABET.length);

/** Returns four groups of four random symbols, such as `k7qf-2m9x-0hvb-w4ts`. */
export function generatePassphrase(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(GENERATED_SYMBOLS));
  // 256 is a multiple of 32, so each symbol is equally likely.
  const symbols = Array.from(bytes, (byte) => ALPHABET.charAt(byte % ALPHABET.length)).join("");
  return symbols.match(/.{4}/g)?.join("-") ?? symbols;
}

const COMMON =
  /passw(or|0r)[dt]|letmein|welcome|qwert[yz]?|asdf|iloveyou|admin|master|dragon|monkey|secret|backup|postgres|prisma|changeme|login/g;
const WORD_BITS = 12;

/**
 * Estimates the entropy of a passphrase that a person invented, in bits. The estimate is low on purpose: it assumes an
 * attacker who tries common words, names, dates and runs first. A word counts as one choice out of some thousand, not
 * by its letters.
 */
export function estimateBits(passphrase: string): number {
  let bits = 0;
  const rest = passphrase.toLowerCase().replace(COMMON, () => {
    bits += 4;
    return " ";
  });
  const seen = new Set<string>();
  for (const part of rest.match(/\p{L}+|\d+|[^\p{L}\d]/gu) ?? []) {
    if (seen.has(part)) bits += 1;
    else bits += isDigits(part) ? digitBits(part) : isLetters(part) ? letterBits(part) : 4;
    seen.add(part);
  }
  // A capital inside a word is a further choice. One at the beginning is not: most people do that.
  bits += Math.min(8, (passphrase.match(/(?<=\S)\p{Lu}/gu) ?? []).length);
  return bits;
}

const isDigits = (text: string) => /^\d/.test(text);
const isLetters = (text: string) => /^\p{L}/u.test(text);

function digitBits(digits: string): number {
  if (/^(19|20)\d\d$/.test(digits)) return 6;
  if (isRun(digits)) return 4;
  return digits.length * Math.log2(10);
}

function letterBits(letters: string): number {
  if (letters.length > 1 && isRun(letters)) return 4;
  if (letters.length <= 2) return letters.length * Math.log2(26);
  // Longer than a usual word: count it as several words, written together.
  return WORD_BITS * Math.max(1, Math.round(letters.length / 6));
}

/** `aaaa`, `1234`, `dcba`: each character is a fixed step from the one before. */
function isRun(text: string): boolean {
  const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  if (codes.length < 3) return codes.length === 2 && codes[0] === codes[1];
  const step = (codes[1] ?? 0) - (codes[0] ?? 0);
  if (Math.abs(step) > 1) return false;
  return codes.every((code, i) => i === 0 || code - (codes[i - 1] ?? 0) === step);
}

export interface Strength {
  level: "weak" | "fair" | "good" | "strong";
  /** From 0 to 1, to draw. */
  fraction: number;
  /** How long guessing would take, in words. */
  guessing: string;
}

/** scrypt with work factor 18 takes about one second per guess. This is a well-equipped attacker. */
const GUESSES_PER_SECOND = 10_000;

export function strengthOf(bits: number): Strength {
  const level = bits < 36 ? "weak" : bits < 52 ? "fair" : bits < 70 ? "good" : "strong";
  // On average, half of all possibilities must be tried.
  const seconds = 2 ** (bits - 1) / GUESSES_PER_SECOND;
  return { level, fraction: Math.min(1, bits / GENERATED_BITS), guessing: describeTime(seconds) };
}

function describeTime(seconds: number): string {
  const years = seconds / 31_557_600;
  if (years > 10_000) return "longer than anybody can wait";
  if (years >= 2) return `about ${formatCount(Math.round(years))} years`;
  if (seconds >= 2 * 86_400) return `about ${Math.round(seconds / 86_400)} days`;
  if (seconds >= 2 * 3600) return `about ${Math.round(seconds / 3600)} hours`;
  if (seconds >= 120) return `about ${Math.round(seconds / 60)} minutes`;
  return "less than two minutes";
}
