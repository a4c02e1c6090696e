// Files of torch.save are recognised by their first bytes or the names in their archive; a bare pickle is refused with the line that
// mends it.
import { describe, expect, test } from "vitest";
import { isPickle, isTorchArchive, refusePickle } from "../../src/codecs/torch-file.ts";
import { distilledFromBytes, distilledToSafetensors } from "../../src/formats/distilled-file.ts";
import { makeSet } from "../formats/sets.ts";

const pickle = Uint8Array.of(0x80, 2, 0x7d);
const ascii = (text: string) => new TextEncoder().encode(text);

describe("a pickle begins with 0x80 and a protocol from 2 to 5", () => {
  test.each([
    [[0x80, 2], true],
    [[0x80, 5], true],
    [[0x80, 1], false],
    [[0x80, 6], false],
    [[0x81, 3], false],
    [[0x80], false],
    [[], false],
  ])("%j: %s", (bytes, expected) => {
    expect(isPickle(Uint8Array.from(bytes))).toBe(expected);
  });
});

test.each([2, 3, 4, 5])(
  "a .safetensors file whose header has %i × 256 + 128 bytes is no pickle, and is read",
  async (protocol) => {
    const length = 256 * protocol + 128;
    const bytesWith = (padding: number) =>
      distilledToSafetensors(makeSet({ recipe: { padding: "x".repeat(padding) } }));
    const lengthOf = (bytes: Uint8Array) => bytes[0]! + 256 * bytes[1]!;
    const bytes = bytesWith(length - lengthOf(bytesWith(0)));
    expect([...bytes.subarray(0, 9)]).toEqual([0x80, protocol, 0, 0, 0, 0, 0, 0, 0x7b]);
    expect((await distilledFromBytes(bytes, "a.safetensors")).recipe).toHaveProperty("padding");
    // A pickle of a dictionary can have the brace there, and zeros before it only in part.
    expect(isPickle(bytes.map((byte, i) => (i === 4 ? 1 : byte)))).toBe(true);
    expect(isPickle(bytes.map((byte, i) => (i === 7 ? 1 : byte)))).toBe(true);
    expect(isPickle(bytes.map((byte, i) => (i === 8 ? 0x7d : byte)))).toBe(true);
  },
);

describe("a zip archive is one of torch.save if a name near an end of it says so", () => {
  const archive = (start: string, between: number, end: string) =>
    new Uint8Array([...ascii(start), ...new Uint8Array(between), ...ascii(end)]);
  test.each([
    ["at its start", archive("PK\u0003\u0004net/data.pkl", 20_000, ""), true],
    ["at its end", archive("PK\u0003\u0004", 20_000, "net/data.pkl"), true],
    ["in its middle only", archive("PK\u0003\u0004", 9_000, `net/data.pkl${"\0".repeat(9_000)}`), false],
    ["in no archive", archive("QK\u0003\u0004net/data.pkl", 100, ""), false],
    ["in no archive either", archive("PL\u0003\u0004net/data.pkl", 100, ""), false],
    ["nowhere", archive("PK\u0003\u0004net/weights.npy", 100, ""), false],
  ])("%s", (_, bytes, found) => {
    expect(isTorchArchive(bytes)).toBe(found);
    expect(() => refusePickle(bytes, "net.pt")).not.toThrow();
  });
});

test.each([
  ["models/net.pt", "net.pt", "net.new.pt"],
  ["C:\\models\\net.v2.pth", "net.v2.pth", "net.v2.new.pt"],
  ['a"b\\c"d.pt', "c?d.pt", "c?d.new.pt"],
  ["weights", "weights", "weights.new.pt"],
])("%s is refused with the line of Python for it", (file, source, target) => {
  const line = `torch.save(torch.load("${source}", map_location="cpu", weights_only=True), "${target}")`;
  expect(() => refusePickle(pickle, file)).toThrow(
    expect.objectContaining({
      name: "FormatError",
      message:
        `${file}: is a bare pickle, as torch.save wrote before PyTorch 1.6, which only Python can read. Save it again in ` +
        `Python by ${line}`,
    }),
  );
});
