/**
 * Makes a data set without meaning, images of different bytes, for separate programs that have the library as a bundle.
 *
 * @returns {import("../src/index.ts").Dataset}
 */
export function noise({ count, size, classes }) {
  const pixels = new Uint8Array(count * size * size);
  for (let i = 0; i < pixels.length; i++) pixels[i] = Math.imul(i, 2654435761) >>> 24;
  const labels = Uint8Array.from({ length: count }, (_, i) => i % classes);
  const shape = { channels: 1, height: size, width: size };
  return { name: "noise", pixels, labels, count, classes, ...shape, mean: [0.5], std: [0.3] };
}
