// `distillate link`, and the animation of `distillate run`.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { distilledFromBytes, packSet, setDigest, unpackSet } from "../../src/index.ts";
import { distillate, jsonLines } from "./cli.ts";

let folder: string;
const run = ["run", "digits-fixed", "--outer-steps", "6", "--batch", "32", "--baselines", "none", "--out", "run"];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "distillate-link-"));
  const { code, stderr } = await distillate([...run, "--animation"], { cwd: folder });
  expect(stderr).not.toMatch(/error/);
  expect(code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

const link = async (...args: string[]) => distillate(["link", "run/distilled.safetensors", ...args], { cwd: folder });

test("a run with --animation has growth.png, of the same bytes each time; the next run without it moves it away", async () => {
  const animation = readFileSync(join(folder, "run/growth.png"));
  expect(animation.includes("acTL")).toBe(true);
  await distillate([...run, "--animation", "--threads", "1"], { cwd: folder });
  expect(readFileSync(join(folder, "run/growth.png"))).toEqual(animation);
  await distillate(run, { cwd: folder });
  expect(readdirSync(join(folder, "run"))).not.toContain("growth.png");
  expect(readFileSync(join(folder, "run/previous/growth.png"))).toEqual(animation);
});

test("prints the address alone, and says its length and the accuracy before packing and after", async () => {
  const { code, stdout, stderr } = await link("--networks", "2", "--page", "https://example.org/demo/");
  expect(code).toBe(0);
  const set = await distilledFromBytes(readFileSync(join(folder, "run/distilled.safetensors")), "set");
  expect(stdout).toBe(`https://example.org/demo/#set=${packSet(set, { bits: 4 })}\n`);
  const letters = (stdout.length - 1).toLocaleString("en");
  expect(stderr).toMatch(
    new RegExp(
      `note: ${letters} letters, 4 bits a pixel; \\d+\\.\\d % after packing, \\d+\\.\\d % before, on 1,000 test images of digits`,
    ),
  );
});

test("with --json it is one object, whose set is the one in the file, packed to --bits", async () => {
  const { stdout } = await link("--bits", "8", "--networks", "1", "--json");
  const [result] = jsonLines(stdout) as [
    { link: string; letters: number; sha256: string; before: object; after: object },
  ];
  expect(result.link.length).toBe(result.letters);
  expect(result).toMatchObject({ bits: 8, before: { networks: 1 }, after: { networks: 1 } });
  expect(unpackSet(result.link.split("#set=")[1]!).recipe.packed).toEqual({ bits: 8 });
  const set = await distilledFromBytes(readFileSync(join(folder, "run/distilled.safetensors")), "set");
  expect(result.sha256).toBe(await setDigest(set));
});

test.each([
  [["--bits", "5"], /--bits.*Allowed choices are 8, 4/],
  [["--page", "demo"], /expected the address of a page, as https:\/\/example.org\/demo\/, got "demo"/],
  [["--page", "https://example.org/#a"], /expected an address without a #/],
])("%j is wrong usage", async (args, message) => {
  const { code, stderr } = await link(...args);
  expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
});
