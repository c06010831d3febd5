/** The stylesheet that a host imports affects only the panel, and it contains every class of the panel. */
import { glob, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import postcss, { type Root } from "postcss";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildStyles } from "./build-styles.ts";
import { ROOT } from "./run.ts";

let folder: string;
let root: Root;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "styles-"));
  const file = path.join(folder, "styles.css");
  await buildStyles(file);
  root = postcss.parse(await readFile(file, "utf8"));
}, 30_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Returns all selectors except the steps of keyframes. */
function selectors(): string[] {
  const found: string[] = [];
  root.walkRules((rule) => {
    const { parent } = rule;
    if (parent?.type === "atrule" && "name" in parent && parent.name === "keyframes") return;
    found.push(...rule.selectors);
  });
  return found;
}

function namesOf(atRule: string): string[] {
  const found: string[] = [];
  root.walkAtRules(atRule, ({ params }) => {
    found.push(params);
  });
  return found;
}

describe("the built stylesheet", () => {
  it("has no rule that reaches beyond the panel", () => {
    expect(selectors().length).toBeGreaterThan(200);
    expect(selectors().filter((it) => !it.startsWith(".pba:not(#_)"))).toEqual([]);
  });

  it("has no layer, which any rule of a host without one would beat", () => {
    expect(namesOf("layer")).toEqual([]);
  });

  it("declares no global name without the prefix", () => {
    const names = [...namesOf("property"), ...namesOf("keyframes")];
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((it) => !/^(--)?pba-/.test(it))).toEqual([]);
    const variables = new Set<string>();
    root.walkDecls(/^--/, ({ prop }) => {
      variables.add(prop);
    });
    expect([...variables].filter((it) => !it.startsWith("--pba-"))).toEqual([]);
  });

  it("hangs on the host's root font size in one place only", () => {
    const found: string[] = [];
    root.walkDecls((declaration) => {
      if (/\drem\b/.test(declaration.value)) found.push(declaration.prop);
    });
    expect(found).toEqual(["--pba-unit"]);
    expect(namesOf("container").filter((it) => it.includes("rem"))).toEqual([]);
  });

  it("sets none of the variables by which a host themes it", async () => {
    const source = await readFile(path.join(ROOT, "components/styles.css"), "utf8");
    const documented = source.slice(0, source.indexOf("*/")).match(/--pba-[a-z-]+/g) ?? [];
    const set = new Set<string>();
    root.walkDecls(/^--/, ({ prop }) => {
      set.add(prop);
    });
    expect(documented.length).toBeGreaterThan(20);
    expect(documented.filter((it) => set.has(it))).toEqual([]);
  });
});

/** Returns the class names as written in an attribute. A selector escapes colons, brackets and the like. */
const classesOf = (selector: string): string[] =>
  [...selector.matchAll(/\.((?:\\.|[\w-])+)/g)].map(([, name = ""]) =>
    name.replaceAll(/\\(.)/g, "$1"),
  );

describe("the panel's classes", () => {
  /** Classes without rules of their own. Only other classes' selectors refer to them. */
  const MARKS = ["pba:group"];
  let known: Set<string>;
  let literals: Array<[file: string, text: string]>;

  beforeAll(async () => {
    known = new Set([...selectors().flatMap(classesOf), ...MARKS]);
    literals = [];
    for await (const file of glob("components/**/*.{ts,tsx}", { cwd: ROOT })) {
      if (file.includes(".test.")) continue;
      const code = await readFile(path.join(ROOT, file), "utf8");
      for (const [text] of code.matchAll(/"[^"\n]*"|`[^`]*`/g))
        literals.push([file, text.slice(1, -1)]);
    }
  });

  it("are all in the stylesheet", () => {
    const unknown = literals.flatMap(([file, text]) =>
      text
        .split(/\s+/)
        .filter((it) => it.startsWith("pba:") && !known.has(it))
        .map((it) => `${file}: ${it}`),
    );
    expect(unknown).toEqual([]);
  });

  it("all have the prefix", () => {
    // A text with one prefixed class is a list of classes, so every word in it needs the prefix. In other texts, a word
    // needs it if it would be a class with the prefix, unless it may be an ordinary word.
    const forgotten = literals.flatMap(([file, text]) => {
      const tokens = text.split(/\s+/).filter((it) => it && !it.includes("${"));
      const isList = tokens.some((it) => it.startsWith("pba:"));
      return tokens
        .filter((it) => !/^pba(:|$|-ground$)/.test(it))
        .filter((it) => isList || (/[-:[]/.test(it) && known.has(`pba:${it}`)))
        .map((it) => `${file}: ${it}`);
    });
    expect(forgotten).toEqual([]);
  });
});
