import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseTar } from "../../src/codecs/tar.ts";
import { ascii, concat, expectOnlyFormatErrors, expectRefused, fileName, patched } from "./hostile.ts";

interface Forged {
  name?: string;
  data?: Uint8Array;
  kind?: string;
  /** The field of the size, where it is not that of the data. */
  size?: ArrayLike<number>;
  link?: string;
}

/** An archive as any writer, or an attacker, would make it. */
function forge(entries: readonly Forged[], end = 1024): Uint8Array {
  const parts = entries.flatMap(({ name = "a", data = new Uint8Array(), kind = "0", size, link = "" }) => {
    const head = new Uint8Array(512);
    head.set(ascii(name).subarray(0, 100));
    head.set(ascii("0000644\0"), 100);
    head.set(size ?? ascii(`${data.length.toString(8).padStart(11, "0")}\0`), 124);
    head.set(ascii("        "), 148);
    head.set(ascii(kind), 156);
    head.set(ascii(link), 157);
    head.set(ascii("ustar\x0000"), 257);
    head.set(
      ascii(
        `${head
          .reduce((a, b) => a + b, 0)
          .toString(8)
          .padStart(6, "0")}\0 `,
      ),
      148,
    );
    return [head, data, new Uint8Array(-data.length & 511)];
  });
  return concat(...parts, new Uint8Array(end));
}

function pax(key: string, value: string): Uint8Array {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (`${length}${rest}`.length !== length) length = `${length}${rest}`.length;
  return ascii(`${length}${rest}`);
}

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

  test("bad archives are refused", async () => {
    const good = forge([{ data: hello }]);
    const record = (text: string): [string, Uint8Array] => [
      text.slice(0, 20),
      forge([{ kind: "x", data: ascii(text) }, {}]),
    ];
    await expectRefused(
      [
        ...Array.from({ length: 40 }, (_, i): [string, Uint8Array] => [`cut to ${i * 40}`, good.slice(0, i * 40)]),
        ["a wrong checksum", patched(good, 0, 0x5a)],
        ["a checksum that is no number", patched(good, 148, 0x5a)],
        ["one block of zeros at the end", good.slice(0, -512)],
        ["content after the end", concat(good, [0, 1])],
        ["one block of zeros between", concat(good.slice(0, 1024), new Uint8Array(512), good)],
        record("11 path=a/"),
        record("path=a\n"),
        record("-5 path=a\n"),
        record("0 path=a\n"),
        record("99 path=a\n"),
        record("9 path a\n"),
        record("8 path=a\n"),
        record("9999999999 path=a\n"),
        record(`${"1".repeat(500)} path=a\n`),
        ["an endless path", forge([{ kind: "x", data: pax("path", "a/".repeat(4000)) }, {}])],
        ["an endless GNU path", forge([{ kind: "L", data: ascii("a/".repeat(4000)) }, {}])],
        ["an empty path", forge([{ kind: "x", data: pax("path", "") }, {}])],
        ["a path with a NUL", forge([{ name: "", data: hello }])],
        ["a sparse file of GNU", forge([{ kind: "S", data: hello }])],
        ["a sparse file of pax", forge([{ kind: "x", data: pax("GNU.sparse.major", "1") }, {}])],
        ["a part of several", forge([{ kind: "M", data: hello }])],
        ["too many files", forge(Array.from({ length: 101 }, (_, i) => ({ name: `${i}` })))],
      ],
      parse,
    );
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
