import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "./source-hash.mjs";

const LINK = /\]\(([^)\s]+)\)/g;

const pagesIn = (folder, options) =>
  fs
    .readdirSync(path.join(projectRoot, folder), options)
    .filter((file) => file.endsWith(".md"))
    .map((file) => path.join(folder, file));
const pages = [...pagesIn("."), ...pagesIn("proxy"), ...pagesIn("docs", { recursive: true })];
const read = (file) => fs.readFileSync(path.join(projectRoot, file), "utf8");

/** As GitHub makes them of headings. */
const anchorsOf = (file) =>
  [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .trim()
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );

function problemOf(page, link) {
  if (/^\w+:/.test(link)) return [];
  const [file, anchor] = link.split("#");
  const target = file === "" ? page : path.join(path.dirname(page), file);
  if (!fs.existsSync(path.join(projectRoot, target))) return [`${page}: ${link} is not there`];
  if (anchor === undefined || !target.endsWith(".md") || anchorsOf(target).includes(anchor)) return [];
  return [`${page}: ${target} has no heading #${anchor}`];
}

test("every link between pages of this repository leads to a file that is there, and to one of its headings", () => {
  const links = pages.flatMap((page) =>
    [
      ...read(page)
        .replaceAll(/```.*?```/gs, "")
        .matchAll(LINK),
    ].map(([, link]) => ({ page, link })),
  );
  expect(links.length).toBeGreaterThan(200);
  expect(links.flatMap(({ page, link }) => problemOf(page, link))).toEqual([]);
});
