/** Checks the documentation: every link, every anchor, every error code. */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { ERROR_STATUS } from "../lib/shared/error-codes.ts";
import { WARNING_CODES } from "../lib/shared/warning-codes.ts";
import { ROOT } from "./run.ts";

const inRoot = ["README.md", "CONTRIBUTING.md", "SECURITY.md"].filter((it) =>
  existsSync(path.join(ROOT, it)),
);
const inDocs = (await readdir(path.join(ROOT, "docs"))).filter((it) => it.endsWith(".md"));
const PAGES = [...inRoot, ...inDocs.map((it) => `docs/${it}`)];

const CODE_BLOCK = /^(`{3,})[^\n]*\n.*?^\1$/gms;
const text = async (page: string) =>
  (await readFile(path.join(ROOT, page), "utf8")).replaceAll(CODE_BLOCK, "");

const headings = (markdown: string): string[] =>
  [...markdown.matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, heading = ""]) => heading);

/** Makes anchors as GitHub does. */
function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const heading of headings(markdown)) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = words.replaceAll(/[^\p{L}\p{N}_\- ]/gu, "").replaceAll(" ", "-");
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

it.each(PAGES)("%s links to what is there", async (page) => {
  const markdown = (await text(page)).replaceAll(/`[^`\n]*`/g, "`");
  const targets = [...markdown.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)].map(
    ([, link, attribute]) => link ?? attribute ?? "",
  );
  const broken: string[] = [];
  for (const target of targets.filter((it) => !/^[a-z]+:/i.test(it))) {
    const [file = "", anchor] = target.split("#");
    const other = file === "" ? page : path.join(path.dirname(page), file);
    if (!existsSync(path.join(ROOT, other))) broken.push(target);
    else if (anchor !== undefined && !anchorsOf(await text(other)).has(anchor)) broken.push(target);
  }
  expect(broken).toEqual([]);
});

describe("docs/troubleshooting.md", () => {
  it("explains every error code, and no other", async () => {
    const codes = headings(await text("docs/troubleshooting.md")).filter((it) =>
      /^[A-Z][A-Z_]+$/.test(it),
    );
    expect(codes.toSorted()).toEqual(Object.keys(ERROR_STATUS).toSorted());
  });

  it("explains every code of a warning, and no other", async () => {
    const rows = (await text("docs/troubleshooting.md")).matchAll(/^\| `([A-Z_]+)` \|/gm);
    expect([...rows].map(([, code]) => code).toSorted()).toEqual(WARNING_CODES.toSorted());
  });
});

it("docs/securing.md names a test for each promise, and for each threat that it says is held", async () => {
  const [, promises = "", threats = ""] = (await text("docs/securing.md")).split(
    /^## (?:Each promise and its test|Threats)$/m,
  );
  const rows = [
    ...[...promises.matchAll(/^\| .+ \|$/gm)].slice(1),
    ...threats.matchAll(/^\| cannot \| .+ \|$/gm),
  ];
  expect(rows.length).toBeGreaterThan(30);
  const proof = /\]\([^)]+\.(?:test|spec)\.tsx?\)[^|]*\|$/;
  expect(rows.map(([row]) => row).filter((row) => !proof.test(row))).toEqual([]);
});

it("README.md lists every page", async () => {
  const readme = await text("README.md");
  expect(inDocs.filter((it) => !readme.includes(`docs/${it}`))).toEqual([]);
});

describe("docs/configuration.md", () => {
  const source = (file: string) => readFile(path.join(ROOT, file), "utf8");
  const namesIn = (markdown: string, pattern: RegExp) =>
    [...new Set([...markdown.matchAll(pattern)].map(([, name]) => name))].toSorted();

  it("has every option of createBackupAdmin, and no other", async () => {
    const [options = ""] =
      /^export interface BackupAdminOptions \{.*?^\}/ms.exec(await source("lib/config.ts")) ?? [];
    const [, table = ""] = (await text("docs/configuration.md")).split(
      /^## Options$|^## Who may$/m,
    );
    expect(namesIn(table, /^\| `(\w+)`/gm)).toEqual(namesIn(options, /^ {2}(\w+)\??:/gm));
  });

  it("has every variable that themes the panel, and no other", async () => {
    const [comment = ""] = (await source("components/styles.css")).split("*/");
    const [, table = ""] = (await text("docs/configuration.md")).split(
      /^## Styles$|^## The Next config$/m,
    );
    const variable = /(--pba-[\w-]+)/g;
    expect(namesIn(table, variable)).toEqual(namesIn(comment, variable));
  });
});
