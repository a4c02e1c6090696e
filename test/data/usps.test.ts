import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { loadUsps } from "../../src/data/layouts/usps.ts";
import { ascii, expectOnlyFormatErrors, fileName } from "../formats/hostile.ts";
import { histogram, realFile } from "./samples.ts";

const load = (content: Uint8Array) => loadUsps({ bytes: content, fileName });
const line = (label: string, values: readonly string[] = []) =>
  `${label} ${Array.from({ length: 256 }, (_, i) => values[i] ?? "-1.0000").join(" ")}`;
const text = (...lines: string[]) => ascii(lines.join("\n"));
const good = text(line("6.0000", ["1.0000", "0", "-0.6310", "0.003"]), line("2"), "");

describe("loadUsps", () => {
  test("reads labels and rounds values to the nearest grey level", async () => {
    const data = await load(good);
    expect(data).toMatchObject({ name: "usps", count: 2, channels: 1, height: 16, width: 16, classes: 10 });
    expect([...data.labels]).toEqual([6, 2]);
    // 255 · 0.5 = 127.5 and 255 · 0.1845 = 47.05 and 255 · 0.5015 = 127.88.
    expect([...data.pixels.subarray(0, 5)]).toEqual([255, 128, 47, 128, 0]);
    expect(await load(gzipSync(good))).toEqual(data);
    expect(
      await load(
        text(
          line(
            "6",
            ["1", "0", "-.631", "0.003"].map((v) => v.replace("-.", "-0.")),
          ),
          line("2"),
        ),
      ),
    ).toEqual(data);
  });

  test("a value or label that is out of range is refused with file name, line and offset", async () => {
    const first = line("1").length + 1;
    await expect(load(text(line("1"), line("2", ["0", "2"])))).rejects.toThrow(
      `evil.bin: expected a value from -1 to 1 as field 3 in line 2 at byte ${first}, got "2"`,
    );
    await expect(load(text(line("1"), line("12")))).rejects.toThrow(
      `evil.bin: expected a label from 0 to 9 in line 2 at byte ${first}, got "12"`,
    );
  });

  test("a file of more than 64 MiB is refused before it is read", async () => {
    await expect(loadUsps({ bytes: new Uint8Array(2 ** 26 + 1), fileName })).rejects.toThrow(
      "evil.bin: expected at most 67108864 bytes, got 67108865",
    );
  });

  test("mutants give FormatErrors only", async () => {
    await expectOnlyFormatErrors("usps", [good], load, 500);
  });

  test("USPS has its counts", async (context) => {
    const [train, held] = [realFile("usps/zip.train.gz"), realFile("usps/zip.test.gz")];
    context.skip(!train || !held, "needs ../shared/data/usps");
    expect(histogram(await load(train!))).toEqual([1194, 1005, 731, 658, 652, 556, 664, 645, 542, 644]);
    expect(histogram(await load(held!))).toEqual([359, 264, 198, 166, 200, 160, 170, 147, 166, 177]);
  });
});
