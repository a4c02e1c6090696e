// What a visitor sees first: the set of a link, or one that the page comes with, and the buttons to choose another.
import { type OpeningSet, openingSets } from "../lab/opening-sets.ts";
import type { App } from "./app.ts";
import { attempt, byId, count, create, percent, showTrouble } from "./dom.ts";
import { showLinked } from "./link-panel.ts";

/** Shows the set of the link, or else the first that the page comes with. */
export async function showFirst(app: App, top: HTMLElement): Promise<void> {
  try {
    if (showLinked(app)) return;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    showTrouble(`This link holds no images that can be read. Ask for it again, whole. (${why})`, top);
  }
  await showOpening(app, openingSets[0]!).catch((error: unknown) => {
    app.say("");
    showTrouble(error, top);
  });
}

/** Offers the sets that the page comes with; `chosen` is called after another one is shown. */
export function offerSets(app: App, chosen: () => void): void {
  const row = byId("sets", HTMLFieldSetElement);
  const buttons = openingSets.map((set) => {
    const button = create("button", { type: "button", textContent: set.title, className: "quiet" });
    button.setAttribute("aria-pressed", "false");
    button.dataset.set = set.id;
    button.addEventListener("click", () => {
      void attempt(byId("images-head", HTMLDivElement), async () => {
        await showOpening(app, set);
        chosen();
      });
    });
    return button;
  });
  row.append(...buttons);
  const mark = (): void => {
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.set === app.opening));
      button.disabled = app.state !== "idle";
    }
  };
  app.on("set", mark);
  app.on("state", mark);
}

async function showOpening(app: App, set: OpeningSet): Promise<void> {
  const response = await fetch(set.url).catch(() => undefined);
  if (!response?.ok) {
    const why = response ? `the host says ${response.status}` : "the host does not answer";
    throw new Error(`The images that this page opens with could not be loaded: ${why}. Reload it, or distil your own.`);
  }
  const shown = await app.lab.load(new Uint8Array(await response.arrayBuffer()), `${set.id}.safetensors`);
  app.show(shown, storyOf(set, shown.gradientSteps), { figures: set.figures, opening: set.id });
}

/** Says what the images are, and what they are good for. */
function storyOf({ figures }: OpeningSet, gradientSteps: number): string {
  const ours = figures.find(({ kind }) => kind === "distilled")!;
  const all = figures.find(({ kind }) => kind === "all");
  const nearly = all ? `; the ${all.images.toLocaleString("en")} real ones give ${percent(all.mean)}` : "";
  return (
    `Each pixel was learned. ${count(gradientSteps, "training step")} on these alone, and a network reads ` +
    `${percent(ours.mean)} of digits it has never seen${nearly}.`
  );
}
