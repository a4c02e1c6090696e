// "How it works", further down: one formula and one picture for each step of an update.
import type { App } from "./app.ts";
import { byId, create } from "./dom.ts";
import { inRow, paintTiles } from "./paint.ts";

interface Step {
  readonly title: string;
  readonly formula: string;
  readonly text: string;
  /** SVG of 240 × 110; the first and the last step show images of the set instead. */
  readonly picture: string;
}

const net = (x: number): string =>
  [20, 50, 80]
    .flatMap((y) => [30, 70].map((to) => `<line x1="${x}" y1="${y}" x2="${x + 44}" y2="${to}"/>`))
    .concat([20, 50, 80].map((y) => `<circle cx="${x}" cy="${y}" r="6"/>`))
    .concat([30, 70].map((y) => `<circle cx="${x + 44}" cy="${y}" r="6"/>`))
    .join("");

const steps: readonly Step[] = [
  {
    title: "Begin with noise",
    formula: "x̃ ∼ 𝒩(0, 1)",
    text: "A few images x̃ of random pixels, each with a class that it shall stand for, and learning rates η̃.",
    picture: "",
  },
  {
    title: "Train a network on them alone",
    formula: "θₜ₊₁ = θₜ − η̃ ∇ℓ(θₜ; x̃)",
    text: "A network with fresh random weights θ₀ takes a few gradient steps on the images. It sees nothing else.",
    picture: `<g>${net(40)}${net(150)}</g><path d="M100 50h36m-8-6l8 6l-8 6"/><text x="62" y="104">θ₀</text><text x="168" y="104">θ₁</text>`,
  },
  {
    title: "Ask how wrong it is on real ones",
    formula: "L = ℓ(θᴛ; x)",
    text: "A thousand real digits x are put to the trained network. The loss says how badly it reads them.",
    picture: `<path d="M20 90V14M20 90H226"/><path class="accent" d="M24 20C60 70 110 80 222 84"/><text x="84" y="36">L, update by update</text>`,
  },
  {
    title: "Change every pixel so that it is less",
    formula: "x̃ ← x̃ − α ∂L/∂x̃",
    text:
      "The way back through all of the training says for each pixel how the loss would change. Hessian-vector products do it, " +
      "with no automatic differentiation. Then again, with another network.",
    picture: "",
  },
];

export function howItWorks(app: App): void {
  const noise = create("canvas");
  const images = create("canvas");
  byId("how-steps", HTMLOListElement).replaceChildren(
    ...steps.map(({ title, formula, text, picture }, i) => {
      const figure = create("div", { className: "picture" });
      if (picture) figure.innerHTML = `<svg viewBox="0 0 240 110" aria-hidden="true">${picture}</svg>`;
      else figure.append(i === 0 ? noise : images);
      const heading = create("h3", { textContent: title });
      return create(
        "li",
        { className: "step" },
        figure,
        heading,
        create("p", { className: "formula", textContent: formula }),
        create("p", { textContent: text }),
      );
    }),
  );
  for (const canvas of [noise, images]) canvas.setAttribute("aria-hidden", "true");
  app.on("set", ({ tiles }) => {
    const size = tiles.channels * tiles.height * tiles.width;
    const shown = Math.min(6, tiles.labels.length);
    const some = { ...tiles, levels: tiles.levels.slice(0, shown * size), labels: tiles.labels.slice(0, shown) };
    paintTiles(images, some, { ...inRow(shown), columns: 3, rows: Math.ceil(shown / 3) });
    const random = Uint8Array.from({ length: some.levels.length }, (_, i) => noiseLevel(i));
    paintTiles(noise, { ...some, levels: random }, { ...inRow(shown), columns: 3, rows: Math.ceil(shown / 3) });
  });
}

/** A level between 0 and 255 that looks random; the same at each visit. */
function noiseLevel(i: number): number {
  let bits = Math.imul(i + 1, 0x9e3779b1);
  bits = Math.imul(bits ^ (bits >>> 15), 0x85ebca6b);
  return (bits ^ (bits >>> 13)) >>> 24;
}
