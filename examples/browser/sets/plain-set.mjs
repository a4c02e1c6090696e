// The sets that the page opens with, as JSON in which each pixel is a letter. One pass over the text reads it, which takes the page's
// thread a few milliseconds; a packed set (`unpackSet`), which is for addresses, is decoded bit by bit. The text is short as hosts
// send it: frequent levels are frequent letters, to which gzip gives few bits.

/** The letter of each level: those of base64url, and then 192 others, which take two bytes. */
const letters =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" +
  String.fromCharCode(...Array.from({ length: 192 }, (_, i) => 0xc0 + i));
/** The most bits that the level of a pixel may have. */
const mostBits = 8;

/** How many cuts are tried at either end of an image's range, each larger by this share of the range. */
const cuts = 10;
const cutShare = 1 / 20;

/** Writes a set of one-hot targets, with so many bits for the level of a pixel. */
export function toPlainText(set, bits) {
  if (!(Number.isInteger(bits) && bits >= 1 && bits <= mostBits)) {
    throw new RangeError(`"bits" expected a whole number from 1 to ${mostBits}, got ${bits}`);
  }
  const { steps, epochs, imagesPerStep, channels, height, width, classes, momentum, mean, std, recipe } = set;
  const size = channels * height * width;
  const images = Array.from({ length: steps * imagesPerStep }, (_, i) => {
    const { low, step, levels } = leveled(set.images.subarray(i * size, (i + 1) * size), 2 ** bits - 1);
    const label = labelOf(set.targets.subarray(i * classes, (i + 1) * classes));
    return { label, low, step, pixels: Array.from(levels, (level) => letters[level]).join("") };
  });
  return `${JSON.stringify({
    ...{ bits, steps, epochs, imagesPerStep, channels, height, width, classes, momentum, mean, std },
    learningRates: Array.from(set.learningRates, (rate) => Number(rate.toPrecision(9))),
    recipe,
    images,
  })}\n`;
}

/** Reads what `toPlainText` wrote. The recipe says that pixels were packed, as that of a packed set does. */
export function fromPlainText(text) {
  const { bits, images, learningRates, recipe, ...rest } = JSON.parse(text);
  const size = rest.channels * rest.height * rest.width;
  const levelOf = new Uint8Array(letters.charCodeAt(letters.length - 1) + 1);
  for (let level = 0; level < letters.length; level++) levelOf[letters.charCodeAt(level)] = level;
  const pixels = new Float32Array(images.length * size);
  const targets = new Float32Array(images.length * rest.classes);
  let at = 0;
  for (const [i, { label, low, step, pixels: row }] of images.entries()) {
    targets[i * rest.classes + label] = 1;
    for (let p = 0; p < size; p++) pixels[at++] = low + step * levelOf[row.charCodeAt(p)];
  }
  return {
    ...rest,
    ...{ images: pixels, targets, learningRates: Float32Array.from(learningRates) },
    recipe: { ...recipe, packed: { bits } },
  };
}

function labelOf(target) {
  const label = target.indexOf(1);
  if (label < 0 || target.some((value, i) => value !== (i === label ? 1 : 0))) {
    throw new RangeError(`"set.targets" expected 1 for one class and else 0, got ${target.join(", ")}`);
  }
  return label;
}

/** Returns the levels from 0 to `most` of an image, with the range that makes the sum of squared errors least. */
function leveled(row, most) {
  const [smallest, largest] = [Math.min(...row), Math.max(...row)];
  const cut = (largest - smallest) * cutShare;
  let best;
  for (let below = 0; below <= cuts; below++) {
    for (let above = 0; below + above <= cuts; above++) {
      const low = short(smallest + below * cut);
      const step = short((largest - above * cut - low) / most);
      const levels = Uint8Array.from(row, (x) => Math.min(most, Math.max(0, Math.round((x - low) / step))));
      const error = row.reduce((sum, x, i) => sum + (x - low - step * levels[i]) ** 2, 0);
      if (best === undefined || error < best.error) best = { low, step, levels, error };
    }
  }
  return best;
}

/** Rounds a number to what is short as a text. */
function short(value) {
  return Number(value.toPrecision(5));
}
