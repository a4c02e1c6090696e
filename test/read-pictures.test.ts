// What the demo makes of the files that a visitor chose (examples/browser/src/lab/read-pictures.ts), without a browser.
import { encode } from "fast-png";
import { expect, test } from "vitest";
import { readPictures } from "../examples/browser/src/lab/read-pictures.ts";

/** `n` grey pictures in a folder of that name. */
function folder(className: string, n: number, level: number) {
  return Array.from({ length: n }, (_, i) => {
    const data = new Uint8Array(32 * 32).fill(level + i);
    return {
      path: `things/${className}/${i}.png`,
      bytes: encode({ width: 32, height: 32, channels: 1, depth: 8, data }),
    };
  });
}

/** MNIST's four files with these labels, pictures of 28×28. */
function idx(labels: { readonly train: readonly number[]; readonly test: readonly number[] }) {
  return [["train", labels.train] as const, ["t10k", labels.test] as const].flatMap(([part, of]) => {
    const pixels = of.flatMap((label) => new Array<number>(28 * 28).fill(label));
    return [
      {
        path: `${part}-images-idx3-ubyte`,
        bytes: Uint8Array.from([0, 0, 8, 3, 0, 0, 0, of.length, 0, 0, 0, 28, 0, 0, 0, 28, ...pixels]),
      },
      { path: `${part}-labels-idx1-ubyte`, bytes: Uint8Array.from([0, 0, 8, 1, 0, 0, 0, of.length, ...of]) },
    ];
  });
}

const silent = (): void => {};

test("pictures of one class are refused with the reason, before a run", async () => {
  await expect(readPictures(folder("lemon", 5, 10), "things", silent)).rejects.toThrow(
    "things: all pictures are of one class, “lemon”. A network learns to tell classes apart: give pictures of two or more.",
  );
});

test("labels that begin at 1 keep their names, and the class that has no pictures is left out, which is said", async () => {
  const labels = { train: [1, 2, 3, 1, 2, 3], test: [3, 1] };
  const { split, notes } = await readPictures(idx(labels), "mine", silent);
  expect(split.train).toMatchObject({ classes: 3, classNames: ["1", "2", "3"], count: 6 });
  expect([...split.train.labels]).toEqual([0, 1, 2, 0, 1, 2]);
  expect([...split.test.labels]).toEqual([2, 0]);
  expect(notes).toEqual(["Left out, because nothing is there to learn them from: class 0."]);
});

test("a class without training pictures in the middle is left out with its test pictures", async () => {
  const { split, notes } = await readPictures(idx({ train: [0, 2, 2, 3], test: [0, 1, 2, 3, 1] }), "mine", silent);
  expect(split.train).toMatchObject({ classes: 3, classNames: ["0", "2", "3"] });
  expect([...split.test.labels]).toEqual([0, 1, 2]);
  // Each test picture is grey of the level of its label, and stays with it.
  expect([0, 1, 2].map((i) => split.test.pixels[i * 28 * 28])).toEqual([0, 2, 3]);
  expect(notes[0]).toMatch(/class 1\.$/);
});

test("ten classes of 28×28 in a folder called Fashion-MNIST get its names; others keep their numbers", async () => {
  const labels = { train: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], test: [9] };
  const named = await readPictures(idx(labels), "fashion-mnist", silent);
  expect(named.split.test.classNames?.[9]).toBe("Boot");
  // A few pictures are not the whole set: it keeps the name that it came with.
  expect(named.split.train.name).toBe("fashion-mnist");
  expect((await readPictures(idx(labels), "your files", silent)).split.train.classNames).toBeUndefined();
  const few = { train: [0, 1, 2, 0], test: [1] };
  expect((await readPictures(idx(few), "fashion-mnist", silent)).split.train.classNames).toBeUndefined();
});
