// The list of measured code has every parser, and names only files that are there.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
// @ts-expect-error plain JavaScript, which Stryker loads too
import { expanded as expandedOf, parts } from "./files.mjs";

const root = join(import.meta.dirname, "../..");

const expanded = expandedOf as (pattern: string) => string[];
const listed = (parts as readonly [string, string, { files: string; tests: string[] }][]).map(
  ([group, name, part]) => ({
    name: `${group}: ${name}`,
    files: expanded(part.files),
    tests: part.tests.flatMap((tests) => expanded(tests)),
  }),
);

test("each file and each test of a part exists, and no file is in two parts", () => {
  for (const { name, files, tests } of listed) {
    const missing = [...files, ...tests].filter((file) => !existsSync(join(root, file)));
    expect(missing, name).toEqual([]);
  }
  const all = listed.flatMap(({ files }) => files);
  expect(all.filter((file, i) => all.indexOf(file) !== i)).toEqual([]);
});

test.each(["src/codecs", "src/data/layouts", "src/run/networks"])("every file of %s is measured", (folder) => {
  // Generated code, types, what only pages load, and the worker that decodes have no tests that import them.
  const elsewhere = /\.(gen|page|d)\.ts$|\/(api|decode-apart|decoder)\.ts$/;
  const present = readdirSync(join(root, folder)).map((file) => `${folder}/${file}`);
  const all = listed.flatMap(({ files }) => files).filter((file) => file.startsWith(`${folder}/`));
  expect(all.sort()).toEqual(present.filter((file) => !elsewhere.test(file)).sort());
});
