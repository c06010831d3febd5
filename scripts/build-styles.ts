/** Builds `dist/styles.css`, the only stylesheet that a host imports, from `components/styles.css`. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import tailwind from "@tailwindcss/postcss";
import postcss, { type AtRule, type Plugin, type Root, type Rule } from "postcss";
import { ROOT } from "./run.ts";

/** Every selector begins with this. A rule of the host without an id cannot override the specificity of one. */
const SCOPE = ".pba:not(#_)";
/** The panel's own root font size, independent of the host's `rem`. */
const UNIT = "var(--pba-unit)";

const SOURCE = path.join(ROOT, "components/styles.css");

/** @param outFile is overwritten */
export async function buildStyles(outFile: string): Promise<void> {
  const { css } = await postcss([
    tailwind({ base: ROOT, optimize: { minify: true } }),
    isolate,
  ]).process(await readFile(SOURCE, "utf8"), { from: SOURCE, to: outFile });
  await mkdir(path.dirname(outFile), { recursive: true });
  await writeFile(outFile, css);
}

/**
 * Limits Tailwind's output to the panel. All rules go below `.pba`, and names that are global in CSS get a prefix.
 * There are no cascade layers, because any unlayered rule of a host would override them. No length depends on the
 * host's root.
 */
const isolate: Plugin = {
  postcssPlugin: "isolate",
  OnceExit(root) {
    flattenLayers(root);
    prefixNames(root);
    root.walkRules((rule) => {
      if (!isKeyframe(rule)) rule.selectors = [...new Set(rule.selectors.map(scoped))];
    });
    replaceRem(root);
    registerTypes(root);
  },
};

function flattenLayers(root: Root): void {
  root.walkAtRules("layer", (layer) => {
    layer.replaceWith(layer.nodes ?? []);
  });
}

/** Prefixes keyframes and Tailwind's variables, because a host's Tailwind sets the same names. */
function prefixNames(root: Root): void {
  const keyframes = new Set<string>();
  root.walkAtRules("keyframes", (rule) => {
    keyframes.add(rule.params);
    rule.params = `pba-${rule.params}`;
  });
  const ofTailwind = (text: string) => text.replaceAll("--tw-", "--pba-tw-");
  root.walkAtRules((rule) => {
    rule.params = ofTailwind(rule.params);
  });
  root.walkDecls((declaration) => {
    declaration.prop = ofTailwind(declaration.prop);
    declaration.value = ofTailwind(declaration.value);
    if (!/^(animation|--pba-animate)/.test(declaration.prop)) return;
    declaration.value = declaration.value.replace(/[\w-]+/, (name) =>
      keyframes.has(name) ? `pba-${name}` : name,
    );
  });
}

function scoped(selector: string): string {
  if (selector === ":root" || selector === ":host") return SCOPE;
  // A rule for `.pba` itself in components/styles.css. The class of a utility would continue with an escaped colon.
  if (/^\.pba(?![\w\\-])/.test(selector)) return selector.replace(".pba", SCOPE);
  return `${SCOPE} ${selector}`;
}

function replaceRem(root: Root): void {
  root.walkDecls((declaration) => {
    if (declaration.prop === "--pba-unit") return;
    declaration.value = declaration.value.replace(REM, `calc($1 * ${UNIT})`);
  });
  // A query cannot use variables. Its em is the font size of the container, `.pba`, which is the same unit.
  root.walkAtRules("container", (query) => {
    query.params = query.params.replace(REM, "$1em");
  });
}

const REM = /(?<![\w.])(-?\d*\.?\d+)rem\b/g;

/** Registers colours and corners, so that a host's invalid value leaves the inherited one. A token may be missing. */
function registerTypes(root: Root): void {
  const names = new Set<string>();
  root.walkDecls(/^--pba-(color|radius|token)-/, (declaration) => {
    names.add(declaration.prop);
  });
  for (const name of names) {
    const [syntax, initial] = name.startsWith("--pba-color-")
      ? ["<color>", "transparent"]
      : name.startsWith("--pba-token-")
        ? ["<color> | missing", "missing"]
        : ["<length>", "0px"];
    root.append(
      `@property ${name} { syntax: "${syntax}"; inherits: true; initial-value: ${initial}; }\n`,
    );
  }
}

const isKeyframe = ({ parent }: Rule): boolean =>
  parent?.type === "atrule" && (parent as AtRule).name === "keyframes";

if (import.meta.main) await buildStyles(path.resolve(process.argv[2] ?? "dist/styles.css"));
