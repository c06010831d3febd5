import type { Config } from "tailwindcss";

/** The shop's palette by purpose. Light and dark values are in app/globals.css. */
export default {
  content: ["./app/**/*.{ts,tsx}"],
  theme: {
    extend: {
      colors: {
        canvas: "var(--canvas)",
        surface: "var(--surface)",
        sunken: "var(--sunken)",
        line: "var(--line)",
        "line-strong": "var(--line-strong)",
        ink: "var(--ink)",
        muted: "var(--muted)",
        brand: "var(--brand)",
        "brand-strong": "var(--brand-strong)",
        "on-brand": "var(--on-brand)",
        "brand-soft": "var(--brand-soft)",
        good: "var(--good)",
        "good-soft": "var(--good-soft)",
        warn: "var(--warn)",
        "warn-soft": "var(--warn-soft)",
        bad: "var(--bad)",
        "bad-strong": "var(--bad-strong)",
        "on-bad": "var(--on-bad)",
        "bad-soft": "var(--bad-soft)",
      },
      fontFamily: {
        sans: ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif"],
        serif: ["Iowan Old Style", "Palatino", "Georgia", "Noto Serif", "serif"],
      },
    },
  },
} satisfies Config;
