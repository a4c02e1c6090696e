/**
 * Makes a data set without meaning, images of different bytes, for separate programs that have the library as a bundle. Whitened
 * images have no meaning either.
 *
 * @returns {import("../src/index.ts").Dataset}
 */
export function noise({ count, size, classes, channels = 1, whitened = false }) {
  const image = channels * size * size;
  const pixels = new Uint8Array(count * image);
  for (let i = 0; i < pixels.length; i++) pixels[i] = Math.imul(i, 2654435761) >>> 24;
  const labels = Uint8Array.from({ length: count }, (_, i) => i % classes);
  const shape = { channels, height: size, width: size };
  const [mean, std] = [0.5, 0.3].map((value) => Array(channels).fill(value));
  const data = { name: "noise", pixels, labels, count, classes, ...shape, mean, std };
  return whitened ? { ...data, whitened: whitenedNoise(pixels, image) } : data;
}

function whitenedNoise(pixels, image) {
  const images = new Float32Array(pixels.length);
  for (let i = 0; i < images.length; i++) images[i] = pixels[i] / 100 - 1.28;
  return {
    epsilon: 0.1,
    mean: new Float32Array(image).fill(0.5),
    matrix: new Float32Array(image * image).fill(0.01),
    images,
  };
}
