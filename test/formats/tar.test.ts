import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseTar } from "../../src/codecs/tar.ts";
import { ascii, concat, expectOnlyFormatErrors, fileName } from "./hostile.ts";
import { forge, pax } from "./tar-forger.ts";

const parse = (bytes: Uint8Array, maximumEntries = 100) => parseTar(bytes, { name: fileName, maximumEntries });
const contents = (bytes: Uint8Array) =>
  Object.fromEntries(
    [...parse(bytes)].map(([path, { bytes: data, instead }]) => [path, data ? Buffer.from(data).toString() : instead]),
  );
const hello = ascii("hello");

describe("tar", () => {
  test("files are views of the archive; folders, vendors' entries and the ./ before names are passed over", () => {
    const archive = forge([
      { name: "./", kind: "5" },
      { name: "./a/b", data: hello },
      { name: "old/", kind: "\0" },
      { name: "old/c", data: ascii("old"), kind: "\0" },
      { name: "d", data: ascii("contiguous"), kind: "7" },
      { name: "dump", data: ascii("x"), kind: "D" },
      { name: "empty" },
    ]);
    expect(contents(archive)).toEqual({ "a/b": "hello", "old/c": "old", d: "contiguous", empty: "" });
    expect(parse(archive).get("a/b")!.bytes!.buffer).toBe(archive.buffer);
    expect(contents(forge([], 10_240))).toEqual({});
  });

  test("of a path that comes twice the last counts, and a hard link is the file that it names", () => {
    const archive = forge([
      { name: "a", data: ascii("first") },
      { name: "./a", data: hello },
      { name: "b", kind: "1", link: "a" },
      { name: "c", kind: "1", link: "nowhere" },
      { name: "d", kind: "2", link: "a" },
      { name: "e", kind: "6" },
      { name: "f", kind: "3" },
    ]);
    expect(contents(archive)).toEqual({
      a: "hello",
      b: "hello",
      c: "a link to a file that does not come before it",
      d: "a symbolic link",
      e: "a named pipe (FIFO)",
      f: "a device",
    });
  });

  test("pax headers, long names and sizes in base 256 are understood", () => {
    const long = `${"folder/".repeat(40)}picture.png`;
    const wide = [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5];
    expect(
      contents(
        forge([
          { kind: "g", data: pax("comment", "by git") },
          { kind: "x", data: concat(pax("mtime", "1.5"), pax("path", long), pax("SCHILY.xattr.x", "=\n1 \0")) },
          { data: hello },
          { kind: "L", data: ascii(`${long}2\0`) },
          { data: ascii("gnu") },
          { name: "wide", data: hello, size: wide },
          { kind: "x", data: pax("size", "5") },
          { name: "by pax", data: hello, size: ascii("00000000000\0") },
        ]),
      ),
    ).toEqual({ [long]: "hello", [`${long}2`]: "gnu", wide: "hello", "by pax": "hello" });
  });

  test("sizes that a header cannot mean are refused with file and offset", () => {
    const ofHeader = (size: ArrayLike<number>) => () => parse(forge([{ data: hello, size }]));
    expect(ofHeader(Array(12).fill(255))).toThrow("evil.bin: expected a size >= 0 at byte 124, got a negative one");
    expect(ofHeader([0xc0, ...Array(11).fill(0)])).toThrow("a size >= 0 at byte 124");
    expect(ofHeader([0x80, ...Array(11).fill(255)])).toThrow("a size below 2^53 at byte 124");
    expect(ofHeader(ascii("0000000000z\0"))).toThrow('a size in octal digits at byte 124, got "0000000000z"');
    expect(ofHeader(ascii("-0000000005\0"))).toThrow("a size in octal digits at byte 124");
    expect(ofHeader(ascii("00000000008\0"))).toThrow("a size in octal digits at byte 124");
    expect(ofHeader(ascii("0000005 005\0"))).toThrow("a size in octal digits at byte 124");
    expect(ofHeader(ascii("77777777777\0"))).toThrow("a size of at most 1536 at byte 124, got 8589934591");
    for (const kind of ["x", "g"]) {
      const byPax = (value: string) => () => parse(forge([{ kind, data: pax("size", value) }, { data: hello }]));
      for (const value of ["-1", "9007199254740993", "1e3", "0x5", "5.0", " 5", "", "9".repeat(400), "NaN"]) {
        expect(byPax(value), value).toThrow(
          /^evil\.bin: expected a size in digits, below 2\^53 at byte 5(19|20|21), got "/,
        );
      }
      expect(byPax("3000")).toThrow("a size of at most 1536 at byte 1148, got 3000");
    }
    expect(() => parse(forge([{ kind: "x", size: ascii("00100000000\0") }]))).toThrow("a size of at most");
  });

  test("mutants give FormatErrors only", async () => {
    const files = [
      forge([{ name: "a/b.png", data: hello }, { kind: "L", data: ascii("long\0") }, { data: hello }]),
      forge([
        { kind: "x", data: concat(pax("path", "c"), pax("size", "5")) },
        { data: hello },
        { name: "l", kind: "1", link: "c" },
      ]),
    ];
    await expectOnlyFormatErrors("tar", files, parse, 2000);
  });

  const python = ["python3", "/usr/bin/python3"].find((path) => spawnSync(path, ["-c", ""]).status === 0);

  // Without python3 there is nothing to compare with.
  test.skipIf(!python).each(["USTAR", "GNU", "PAX"])("what Python's tarfile writes as %s is read", (format) => {
    const folder = mkdtempSync(join(tmpdir(), "distillate-tar-"));
    const path = join(folder, "x.tar");
    const program = `import io, tarfile
with tarfile.open(${JSON.stringify(path)}, "w", format=tarfile.${format}_FORMAT) as tar:
  for name in ["a.txt", "./ä/ö.txt", "f" * 90 + "/" + "g" * 99]:
    info = tarfile.TarInfo(name); info.size = len(name.encode()); info.mtime = 1.5
    tar.addfile(info, io.BytesIO(name.encode()))
  info = tarfile.TarInfo("folder"); info.type = tarfile.DIRTYPE; tar.addfile(info)
  info = tarfile.TarInfo("hard"); info.type = tarfile.LNKTYPE; info.linkname = "a.txt"; tar.addfile(info)`;
    const { status, stderr } = spawnSync(python!, ["-c", program], { encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const long = `${"f".repeat(90)}/${"g".repeat(99)}`;
    const expected = { "a.txt": "a.txt", "ä/ö.txt": "./ä/ö.txt", [long]: long, hard: "a.txt" };
    expect(contents(new Uint8Array(readFileSync(path)))).toEqual(expected);
    rmSync(folder, { recursive: true });
  });
});
