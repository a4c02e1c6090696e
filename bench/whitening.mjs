// CPU seconds of one core for whitening images: node bench/whitening.mjs. Run `npm run build` first. Sums over images are
// timed on some hundred images and told for each 1,000, because they take as long for each.
import { whiten, zca } from "../dist/data.js";

/** Images of random waves: their pixels hang together, as those of photographs do. */
function waves(count, channels, side) {
  const size = channels * side * side;
  const pixels = Uint8Array.from({ length: count * size }, (_, at) => {
    const [i, place] = [Math.floor(at / size), at % size];
    return 128 + 60 * Math.sin(i * 1.7 + place / (5 + (i % 9))) + 50 * Math.sin(i * 0.3 + place / (side + (i % 5)));
  });
  const per = (value) => new Array(channels).fill(value);
  const labels = new Uint8Array(count);
  return {
    name: "waves",
    pixels,
    labels,
    count,
    channels,
    height: side,
    width: side,
    classes: 2,
    mean: per(0.5),
    std: per(0.25),
  };
}

const cpuSeconds = () => process.cpuUsage().user / 1e6;

for (const [channels, side, count] of [
  [1, 28, 2000],
  [3, 32, 512],
]) {
  const data = waves(count, channels, side);
  const start = cpuSeconds();
  let between = start;
  const whitening = await zca(data, {
    onProgress: ({ stage }) => {
      if (stage === "covariance") between = cpuSeconds();
    },
  });
  const measured = cpuSeconds();
  await whiten(data, whitening);
  const done = cpuSeconds();
  const each = (seconds) => `${((1000 * seconds) / count).toFixed(2)} s for each 1,000 images`;
  console.log(
    `${channels} × ${side} × ${side}: covariance ${each(between - start)}, root ${(measured - between).toFixed(1)} s, ` +
      `whitening ${each(done - measured)}`,
  );
}
