// Of two checkpoints the last one that is whole is found, wherever they are kept.
import { describe, expect, test } from "vitest";
import { FormatError } from "../../src/errors.ts";
import { checkpointToBytes } from "../../src/formats/checkpoint-file.ts";
import { earlierCheckpoint, lastCheckpoint } from "../../src/formats/last-checkpoint.ts";

test.each([
  ["run.safetensors", "run.previous.safetensors"],
  ["runs/mine/run.safetensors", "runs/mine/run.previous.safetensors"],
  ["C:\\runs\\run.safetensors", "C:\\runs\\run.previous.safetensors"],
  ["run.1.safetensors", "run.1.previous.safetensors"],
  ["run", "run.previous"],
  ["v0.1/run", "v0.1/run.previous"],
  ["v0.1\\run", "v0.1\\run.previous"],
  [".hidden", ".hidden.previous"],
  ["runs/.hidden", "runs/.hidden.previous"],
  ["run.", "run.previous."],
])("the checkpoint before %s is %s", (path, before) => {
  expect(earlierCheckpoint(path)).toBe(before);
});

class Missing extends Error {}

describe("of two checkpoints", async () => {
  const stateOf = (step: number) => ({
    version: "0.1.0",
    spec: {},
    step,
    tensors: new Map([["t", Float32Array.of(step)]]),
  });
  const fileOf = (step: number) => checkpointToBytes({ state: stateOf(step), note: { at: step } });
  const [first, second] = [await fileOf(1), await fileOf(2)];
  const damaged = second.map((byte, i) => (i === second.length - 1 ? byte ^ 1 : byte));

  /** Loads "a.b" with "a.previous.b" before it. An Error in the place of a file is thrown when it is read. */
  async function load(last: Uint8Array | Error, before: Uint8Array | Error) {
    const asked: string[] = [];
    const read = async (path: string): Promise<Uint8Array> => {
      asked.push(path);
      const file = path === "a.b" ? last : before;
      if (file instanceof Error) throw file;
      return file;
    };
    const outcome = await lastCheckpoint("a.b", read, (error) => error instanceof Missing).catch((error) => error);
    return { outcome, asked };
  }

  test("the last is loaded where it is whole, and the other is not read", async () => {
    const { outcome, asked } = await load(second, first);
    expect(outcome).toEqual({ state: stateOf(2), note: { at: 2 }, path: "a.b" });
    expect(asked).toEqual(["a.b"]);
  });

  test.each([
    ["damaged", damaged, expect.objectContaining({ name: "FormatError", message: expect.stringMatching(/^a\.b: /) })],
    ["missing", new Missing("gone"), new Missing("gone")],
  ])("the one before is loaded where the last is %s, with the reason", async (_, last, fault) => {
    const { outcome } = await load(last, first);
    expect(outcome).toEqual({ state: stateOf(1), note: { at: 1 }, path: "a.previous.b", fault });
  });

  test.each([
    ["damaged", damaged],
    ["missing", new Missing("gone as well")],
    ["not to be read", new Error("EACCES")],
  ])("what is wrong with the last is thrown where the other is %s", async (_, before) => {
    expect((await load(new Missing("gone"), before)).outcome).toEqual(new Missing("gone"));
    expect((await load(damaged, before)).outcome).toBeInstanceOf(FormatError);
  });

  test("a failure to read the last is thrown, and the other is not read in its place", async () => {
    const { outcome, asked } = await load(new Error("EIO"), first);
    expect(outcome).toEqual(new Error("EIO"));
    expect(asked).toEqual(["a.b"]);
  });
});
