// `distillate verify` of sets of other programs: of five that PyTorch wrote as their papers' code does, and of hostile ones.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { loadForeignSet, saveDistilled } from "../../src/node.ts";
import {
  archive,
  build,
  call,
  dict,
  get,
  int,
  list,
  name,
  none,
  pickle,
  put,
  tensor,
  text,
  tuple,
} from "../codecs/pickles.ts";
import { forge } from "../formats/zip-forger.ts";
import { distillate } from "./cli.ts";

const { path: python, missing: noPyTorch } = inject("tools").torch;
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "distillate-verify-foreign-"));
  if (noPyTorch) return;
  const program = here("../formats/foreign/published_sets.py");
  const { status, stderr } = spawnSync(python!, [program, here("../../assets"), folder], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  // Python takes seconds to load PyTorch, and more on a busy machine.
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

const verify = (file: string, ...more: string[]) => distillate(["verify", file, ...more], { cwd: folder });

/** The layouts, what is declared, what is found, and a normalisation that is not that of the values. */
const published = [
  [
    "dc/res_DC_MNIST_ConvNet_10ipc.pt",
    ["--entry", "data[1]"],
    { form: "DC", labels: "classes", normalization: "mnist" },
    "pixels",
  ],
  ["mtt/images_best.pt", [], { form: "MTT", labels: "classes", normalization: "mnist" }, "fashion-mnist"],
  ["datm/images_best.pt", [], { form: "MTT", labels: "logits", normalization: "mnist" }, "signed"],
  [
    "idc/data.pt",
    ["--factor", "2"],
    { form: "IDC", labels: "classes", normalization: "pixels", formation: "2" },
    "mnist",
  ],
  ["frepo/frepo.pt", [], { form: "FRePo", labels: "centred", normalization: "mnist", layout: "NHWC" }, "pixels"],
] as const;

describe.skipIf(noPyTorch)(`five published layouts${noPyTorch ? `: ${noPyTorch}` : ""}`, () => {
  test.each(published)("%s: what was declared, read and guessed is told", async (file, declared, expected) => {
    const { code, stdout, stderr } = await verify(file, ...declared, "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const facts = JSON.parse(stdout);
    const found = Object.fromEntries(
      facts.findings.map(({ what, value }: { what: string; value: string }) => [what, value]),
    );
    expect(found).toMatchObject({ classes: "10", ...expected });
    expect(facts).toMatchObject({
      ...{ file, classes: 10, images: [file.startsWith("idc") ? 200 : 100, 1, 28, 28] },
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const words = (await verify(file, ...declared)).stdout;
    for (const { what, value, because } of facts.findings) {
      expect(words).toMatch(new RegExp(`\n {2}${what} +${value} +(guessed|declared|in the file) +`));
      expect(words).toContain(because);
    }
  });

  test.each(published)(
    "%s: a wrong normalisation is refused, with the right one",
    async (file, declared, expected, wrong) => {
      const { code, stdout, stderr } = await verify(file, ...declared, "--normalization", wrong);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      const range = "-?\\d\\.\\d\\d to \\d\\.\\d\\d";
      expect(stderr).toMatch(
        new RegExp(
          `^distillate: ${file}: expected another normalization than the declared ${wrong}, which makes pixels from ${range}: ` +
            `${expected.normalization} makes them ${range}\n$`,
        ),
      );
      const right = await verify(file, ...declared, "--normalization", expected.normalization, "--json");
      expect(JSON.parse(right.stdout).findings).toContainEqual(
        expect.objectContaining({ what: "normalization", by: "declared", value: expected.normalization }),
      );
    },
  );

  test("a set that was saved here after it had been read keeps what was found", async () => {
    const { set, findings } = await loadForeignSet(join(folder, "mtt/images_best.pt"));
    await saveDistilled(join(folder, "kept.npz"), set);
    const { code, stdout } = await verify("kept.npz", "--json");
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, findings });
  });

  test("a protocol judges it as evaluate does", async () => {
    const how = ["--protocol", "dc-bench", "--model", "mlp", "--epochs", "1", "--threads", "1", "--json"];
    const file = "mtt/images_best.pt";
    const [judged, evaluated] = await Promise.all([
      verify(file, ...how),
      distillate(["evaluate", file, ...how], { cwd: folder }),
    ]);
    expect({ code: judged.code, stderr: judged.stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/^note: trains at least \d+ networks, [^\n]+\n$/),
    });
    const facts = JSON.parse(judged.stdout);
    expect(facts).toMatchObject({ protocol: "dc-bench", images: [100, 1, 28, 28], findings: expect.any(Array) });
    expect(facts.trainings).toEqual(JSON.parse(evaluated.stdout).trainings);
  });

  test("options of runs, and of protocols without one, are refused with the exit code 2", async () => {
    expect(await verify("mtt/images_best.pt", "--quick", "3")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        "is a set of another program, with no run: --quick and --weights have no meaning\n",
      ),
    });
    expect(await verify("mtt/images_best.pt", "--model", "mlp")).toMatchObject({
      code: 2,
      stderr: "distillate: --model expected --protocol beside it\n",
    });
  });
});

/** An archive with a member that is packed: `size` zeros. */
function bomb(size: number): Uint8Array {
  const zeros = new Uint8Array(size);
  const data = new Uint8Array(deflateRawSync(zeros, { level: 9 }));
  return forge([{ name: "net/data.pkl", data, method: 8, size, crc: 0 }]);
}
/** Thirty lists, each of which holds the one before twice. */
const laughs = list(
  [...list(none), ...put(0)],
  ...Array.from({ length: 30 }, (_, k) => [...list(get(k), get(k)), ...put(k + 1)]),
);
const labels = tensor({ key: "1", shape: tuple(int(2)), strides: tuple(int(1)) });
const canary = "was-run";

/** What a stranger may send, and what the refusal says of it: the file, and where in it the fault stands. */
const hostile: readonly (readonly [what: string, bytes: () => Uint8Array, says: RegExp])[] = [
  [
    "a command",
    () => archive(call(name("posix", "system"), text(`touch ${canary}`))),
    /at byte 2, got "posix\.system"/,
  ],
  [
    "a program in Python",
    () => archive(call(name("builtins", "eval"), text(`open("${canary}", "w")`))),
    /at byte 2, got "builtins\.eval"/,
  ],
  [
    "an object that unpacks itself",
    () => archive(build(call(name("torch.nn.modules.module", "Module")), dict([text("x"), none]))),
    /at byte 2, got "torch\.nn\.modules\.module\.Module"/,
  ],
  ["a bare pickle", () => pickle(call(name("os", "system"), text(`touch ${canary}`))), /is a bare pickle/],
  [
    "a tensor of 16 GiB that is one number",
    () => archive(list(tensor({ shape: tuple(int(2 ** 31), int(2)), strides: tuple(int(0), int(0)) }), labels)),
    /"net\/data\.pkl": expected a shape of sizes, in all below 2\^31 at byte \d+/,
  ],
  [
    "a gibibyte of images that is one number",
    () => {
      const shape = tuple(int(2 ** 14), int(1), int(2 ** 7), int(2 ** 7));
      const many = tuple(int(2 ** 14));
      const zeros = (n: number) => tuple(...Array.from({ length: n }, () => int(0)));
      return archive(list(tensor({ shape, strides: zeros(4) }), tensor({ shape: many, strides: zeros(1) })));
    },
    /at byte \d+/,
  ],
  [
    "a storage of a petabyte",
    () => archive(list(tensor({ length: int(2 ** 48) }), labels)),
    /"net\/data\.pkl": expected .* at byte \d+, got/,
  ],
  [
    "a storage outside of the archive",
    () => archive(list(tensor({ key: "../../../etc/passwd" }), labels)),
    /expected a file "net\/data\/\.\.\/\.\.\/\.\.\/etc\/passwd" in the archive at byte \d+/,
  ],
  [
    "a tensor that reads behind its storage",
    () => archive(list(tensor({ offset: int(5) }), labels)),
    /"net\/data\.pkl": expected .* at byte \d+, got/,
  ],
  ["64 MiB of zeros in 64 KiB", () => bomb(2 ** 26), /at byte \d+/],
  [
    "lists that double thirty times",
    () => archive(laughs),
    /expected at most 1048576 values, repeated ones too at byte 2/,
  ],
  ["half of an archive", () => archive(list(tensor(), labels)).slice(0, 300), /byte \d+/],
  ["a million open brackets", () => archive(new Array<number>(1_000_000).fill(0x28)), /at byte \d+/],
];

describe("hostile files of torch.save", () => {
  test.each(hostile)(
    "%s is refused in one line with its place, nothing is run, and little memory is taken",
    async (_, bytes, says) => {
      const file = "hostile.pt";
      const peak = join(folder, "peak");
      writeFileSync(join(folder, file), bytes());
      const noted = `import { writeFileSync } from "node:fs"; process.on("exit", () => writeFileSync(${JSON.stringify(peak)}, String(process.resourceUsage().maxRSS)));`;
      const env = { NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(noted)}"` };
      const { code, stdout, stderr } = await distillate(["verify", file], { cwd: folder, env });
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(/^distillate: hostile\.pt: [^\n]{1,600}\n$/);
      expect(stderr).toMatch(says);
      expect(existsSync(join(folder, canary))).toBe(false);
      // In kibibytes; Node alone takes 60 MiB or so.
      expect(Number(readFileSync(peak, "utf8"))).toBeLessThan(200 * 1024);
    },
  );
});
