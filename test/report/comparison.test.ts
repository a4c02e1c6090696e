// The page that compares several sets: grouped by storage, complete, and safe whatever the files say.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readComparedSet } from "../../src/cli/output/compared-set.ts";
import { setDigest } from "../../src/distill/digest.ts";
import { distilledToSafetensors } from "../../src/formats/distilled-file.ts";
import { type ComparedSet, comparisonPage } from "../../src/report/comparison.ts";
import { makeFitSet, makeSet } from "../formats/sets.ts";

const measure = (mean: number, std: number) => ({ mean, std, ci95: std / 2, count: 20, of: "network" as const });
const one = (title: string, changes: Partial<ComparedSet> = {}): ComparedSet => ({
  title,
  protocol: "As each file says.",
  data: "digits, 1,000 test images",
  storage: { images: 10, floats: 7960 },
  distilled: [{ label: "", measure: measure(0.8, 0.02) }],
  baselines: [{ label: "random real images", measure: measure(0.5, 0.1) }],
  ...changes,
});
/** The texts of the page in their order, a row of the table each. */
const rowsOf = (page: string): string[] =>
  Array.from(
    page.matchAll(/<tr class="(\w+)">.*?<\/tr>/gs),
    ([row, kind]) =>
      `${kind}: ${row
        .replace(/<[^>]+>/g, " ")
        .replace(/\s+/g, " ")
        .trim()}`,
  );

test("sets of equal storage stand together, the smallest first, each before its baselines", () => {
  const large = one("large", { storage: { images: 100, floats: 79_430 }, baselines: [] });
  const unknown = one("unknown", { storage: undefined, baselines: [] });
  const page = comparisonPage([unknown, large, one("a"), one("b", { baselines: [] })], []);
  expect(rowsOf(page)).toEqual([
    "storage: 10 images · 7,960 floats · 31.8 kB",
    "ours: a 80.0 ± 2.0 79.0 to 81.0 20 networks",
    "other: random real images 50.0 ± 10.0 45.0 to 55.0 20 networks",
    "ours: b 80.0 ± 2.0 79.0 to 81.0 20 networks",
    "storage: 100 images · 79,430 floats · 317.7 kB",
    "ours: large 80.0 ± 2.0 79.0 to 81.0 20 networks",
    "storage: Storage unknown: the set is not beside its evaluation",
    "ours: unknown 80.0 ± 2.0 79.0 to 81.0 20 networks",
  ]);
});

test("other data and other protocols have tables of their own", () => {
  const page = comparisonPage(
    [one("a"), one("b", { data: "mnist" }), one("c", { protocol: "By dc-bench." }), one("d")],
    [],
  );
  expect(page.match(/<table/g)).toHaveLength(3);
  const tables = page
    .split("<table")
    .slice(1)
    .map((table) => rowsOf(table).filter((row) => row.startsWith("ours")).length);
  expect(tables).toEqual([2, 1, 1]);
});

test("a dot is at its mean and whiskers at a standard deviation on either side, on an axis between multiples of ten", () => {
  const page = comparisonPage([one("a")], []);
  const ticks = Array.from(page.matchAll(/<i style="left: ([\d.]+)%">(\d+)</g), ([, place, tick]) => [
    Number(place),
    Number(tick),
  ]);
  expect(ticks).toEqual(
    [0, 10, 20, 30, 40, 50].map((from, i) => [20 * i, 40 + from]).map(([place, tick]) => [place, tick]),
  );
  // From 40 to 90: 80 ± 2 is at 80 % of the axis, and 50 ± 10 at 20 %.
  const marks = Array.from(
    page.matchAll(/<s style="left: ([\d.]+)%; width: ([\d.]+)%"><\/s><b style="left: ([\d.]+)%">/g),
    (found) => found.slice(1).map(Number),
  );
  expect(marks).toEqual([
    [76, 8, 80],
    [0, 40, 20],
  ]);
});

test("names from files are escaped, and what is missing is said", () => {
  const page = comparisonPage([one("<script>x</script>", { data: "<b>" })], ["<img src=x>: no such file"]);
  expect(page).not.toMatch(/<script|<img|<b>/);
  expect(page).toContain("&lt;script&gt;x&lt;/script&gt;");
  expect(page).toContain("&lt;img src=x&gt;: no such file");
});

describe("what is read", () => {
  let folder: string;
  const label = (name: string): string => `labelled ${name}`;
  const evaluation = { networks: 5, mean: 0.7, std: 0.03, ci95: 0.02 };
  const path = (name: string): string => join(folder, name);
  const write = (name: string, json: unknown): string => {
    writeFileSync(path(name), JSON.stringify(json));
    return path(name);
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "distillate-comparison-"));
    writeFileSync(path("distilled.safetensors"), distilledToSafetensors(makeFitSet()));
    write("result.json", {
      recipe: "mine",
      data: { name: "digits", test: 1000 },
      evaluation,
      baselines: { "k-means": evaluation },
    });
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const counted = { ...measure(0.7, 0.03), ci95: 0.02, count: 5 };

  test("of a run are its evaluation, baselines, what its set stores, and images", async () => {
    const { compared } = await readComparedSet(folder, label);
    // 6 images of 20 numbers; labels of one class each and a protocol store nothing.
    expect(compared).toMatchObject({
      title: `mine in ${basename(folder)}`,
      data: "digits, 1,000 test images",
      storage: { images: 6, floats: 120 },
    });
    expect(compared.distilled).toEqual([{ label: "", measure: counted }]);
    expect(compared.baselines).toEqual([{ label: "labelled k-means", measure: counted }]);
    expect(comparisonPage([compared], []).match(/<img /g)).toHaveLength(6);
  });

  test("of an evaluation is the set beside it, if it is the one that was evaluated", async () => {
    const file = path("distilled.safetensors");
    const json = { file, data: { name: "digits", test: 1000 }, ...evaluation, sha256: await setDigest(makeFitSet()) };
    const good = await readComparedSet(write("a.json", json), label);
    expect(good).toMatchObject({ missing: [], compared: { storage: { images: 6, floats: 120 } } });
    expect(good.compared.protocol).toBe((await readComparedSet(folder, label)).compared.protocol);
    const other = await readComparedSet(write("b.json", { ...json, sha256: await setDigest(makeSet()) }), label);
    expect(other.compared).toMatchObject({ set: undefined, storage: undefined });
    expect(other.missing).toEqual([`${file}: is another set than the one that was evaluated`]);
    const gone = await readComparedSet(write("c.json", { ...json, file: path("gone.npz") }), label);
    expect(gone.missing).toEqual([expect.stringMatching(/gone\.npz: no such file/)]);
  });

  test("of a protocol are its scores, or else all its trainings, with the storage that it says", async () => {
    const { mean, std } = evaluation;
    const test = { accuracies: [], ...evaluation };
    const judgement = {
      protocol: "dc-bench",
      seeds: { networks: [1, 2, 3] },
      data: { test: "CIFAR-10", testImages: 10_000 },
      storage: { images: 10, floats: 30_820, bytes: 123_280 },
      trainings: [
        { entry: "distilled", architecture: "own", augmentation: "none", labels: "hard", test },
        { entry: "whole-data", architecture: "own", augmentation: "none", labels: "hard", test },
      ],
      scores: {
        entries: [
          { entry: "distilled", augmentation: "dsa", best: { mean, std } },
          { entry: "herding", augmentation: "none", best: { mean, std } },
        ],
      },
    };
    const bench = (await readComparedSet(write("d.json", judgement), label)).compared;
    expect(bench).toMatchObject({
      protocol: "Networks train and are tested by the protocol dc-bench.",
      storage: { floats: 30_820 },
    });
    expect(bench.distilled).toEqual([
      { entry: "distilled", label: "", note: "dsa", measure: { mean, std, count: 3, of: "network" } },
    ]);
    expect(bench.baselines).toMatchObject([{ label: "labelled herding", note: "none" }]);
    const ranking = (await readComparedSet(write("e.json", { ...judgement, scores: {} }), label)).compared;
    expect(ranking.distilled).toMatchObject([{ note: "own, none, hard labels", measure: { count: 5 } }]);
    expect(ranking.baselines).toMatchObject([{ label: "all training images" }]);
  });

  test.each([
    ["{}", /f\.json: expected what distillate evaluate --json prints, got no accuracy of a distilled set/],
    ["[1", /f\.json: expected JSON/],
  ])("%s is refused by name", async (content, message) => {
    writeFileSync(path("f.json"), content);
    await expect(readComparedSet(path("f.json"), label)).rejects.toThrow(message);
  });
});
