// What a visitor sees first: the set of a link, or one that the page comes with, and the buttons to choose another.
import type { Figure } from "../lab/api.ts";
import { nextTask } from "../lab/next-task.ts";
import { allDigits, firstSet, loadOpening, type OpeningSet, openingSets, type Score } from "../lab/opening-sets.ts";
import { shown } from "../lab/tiles.ts";
import type { App } from "./app.ts";
import { attempt, byId, count, create, percent, showTrouble } from "./dom.ts";
import { showLinked } from "./linked.ts";

/** Shows the set of the link, or else the first that the page comes with. */
export async function showFirst(app: App, top: HTMLElement): Promise<void> {
  try {
    if (await showLinked(app)) return;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    showTrouble(`This link holds no images that can be read. Ask for it again, whole. (${why})`, top);
  }
  await showOpening(app, firstSet).catch((error: unknown) => {
    app.say("");
    showTrouble(error, top);
  });
}

/** Offers the sets that the page comes with; `chosen` is called after another one is shown. */
export function offerSets(app: App, chosen: () => void): void {
  const row = byId("sets", HTMLFieldSetElement);
  const buttons = openingSets.map((set) => {
    const button = create("button", { type: "button", className: "quiet", title: set.title });
    button.textContent = String(set.figures.images);
    button.setAttribute("aria-label", set.title);
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
      button.setAttribute("aria-pressed", String(button.dataset.set === app.opening?.id));
      button.disabled = app.state !== "idle";
    }
  };
  app.on("set", mark);
  app.on("state", mark);
}

async function showOpening(app: App, set: OpeningSet): Promise<void> {
  const loaded = await loadOpening(set);
  // Each of these is a task of its own. Nothing may come between the last two, or the lab could hold another set than the page shows.
  await nextTask();
  const asShown = shown(loaded);
  await nextTask();
  app.show(app.lab.take(loaded, asShown), storyOf(set), { figures: figuresOf(set), opening: set });
}

/** Says what the images are for, and what they are good for. */
function storyOf({ networks, figures: { distilled, vote, gradientSteps } }: OpeningSet): string {
  const steps = count(gradientSteps, "training step");
  if (networks === "known") {
    return (
      `To us they look like noise. To one network, whose first weights are known, each pixel says something: ${steps} on these alone, and it reads ` +
      `${percent(distilled.mean)} of digits that it has never seen. All 9,000 real ones, in ${count(allDigits.gradientSteps, "step")}, ` +
      `give ${percent(allDigits.mean)}.`
    );
  }
  const voting = vote ? `; ${vote.voters} that vote read ${percent(vote.mean)}` : "";
  return (
    `These are for any network of this kind, whatever its first weights: ${steps} on them alone, and one reads ` +
    `${percent(distilled.mean)} of digits that it has never seen${voting}.`
  );
}

function figuresOf({ figures }: OpeningSet): readonly Figure[] {
  const { distilled, vote, randomReal, classAverage, images } = figures;
  const figure = (kind: Figure["kind"], { mean, std, trainings }: Score, of: number): Figure => ({
    ...{ kind, mean, std, networks: trainings, images: of },
  });
  return [
    figure("distilled", distilled, images),
    ...(vote ? [figure("vote", vote, images)] : []),
    figure("random-real", randomReal, images),
    figure("class-average", classAverage, 10),
    figure("all", allDigits, 9000),
  ];
}
