// Bad files made by hand, at least 40 a format: each is refused, by a message that names the file and what is wrong in it.
import { describe, expect, test } from "vitest";
import { type BadFile, type BadFiles, fewest, longestMessage, namesFile } from "./bad-files.ts";
import { formats } from "./formats.ts";

/** Says what is wrong with how a bad file was refused; undefined if nothing is. */
async function fault({ read, names = namesFile }: BadFiles<unknown>, [what, says, file]: BadFile<unknown>) {
  try {
    await read(file);
  } catch (error) {
    const { name, message } = error as Error;
    const right = name === "FormatError" && names.test(message) && message.includes(says);
    // Control characters and those that change the order of text would act on a terminal.
    const isPlain = message.length <= longestMessage && !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(message);
    return right && isPlain ? undefined : `${what}: expected ${says}, got ${name}: ${message.slice(0, 300)}`;
  }
  return `${what}: accepted`;
}

/** Tells files apart by their content. */
function contentOf(file: unknown): string {
  const bytes = (value: unknown): unknown =>
    ArrayBuffer.isView(value)
      ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64")
      : value;
  return JSON.stringify(file, (_, value) => bytes(value)) ?? String(file);
}

describe.each(formats)("bad files: $format", (format) => {
  test("the files without the fault are read", async () => {
    expect(format.good.length).toBeGreaterThan(0);
    for (const file of format.good) await format.read(file);
  });

  test("each is refused with a FormatError that names the file and what is wrong", async () => {
    const faults: string[] = [];
    for (const bad of format.bad) {
      const found = await fault(format, bad);
      if (found !== undefined) faults.push(found);
    }
    expect(faults).toEqual([]);
  });

  test(`there are at least ${fewest}, all different`, () => {
    const count = format.bad.length;
    console.log(`${format.format}: ${count} bad files`);
    expect(count).toBeGreaterThanOrEqual(fewest);
    expect(new Set(format.bad.map(([what]) => what)).size).toBe(count);
    expect(new Set([...format.good, ...format.bad.map(([, , file]) => file)].map(contentOf)).size).toBe(
      count + format.good.length,
    );
  });
});
