// The panel "How good is that?": the images beside as many real ones, class averages, and all the data.
import type { Compared, Figure } from "../lab/api.ts";
import { allDigits } from "../lab/opening-sets.ts";
import { thousands } from "../lab/thousands.ts";
import type { Workshop } from "../lab/workshop.ts";
import type { App } from "./app.ts";
import { announce, attempt, byId, count, create, percent } from "./dom.ts";
import { inRow, paintTiles } from "./paint.ts";

const titles = {
  distilled: "These images",
  vote: "These, and five networks vote",
  "random-real": "Real ones, at random",
  "class-average": "Class averages",
  all: "All the real ones",
} as const;

type Kind = keyof typeof titles;

/** Those that are measured in the page. */
const measured: readonly Kind[] = ["distilled", "random-real", "class-average"];

export function comparePanel(app: App, workshop: Workshop): void {
  const button = byId("compare-start", HTMLButtonElement);
  const list = byId("lines", HTMLUListElement);
  const caption = byId("compare-caption", HTMLParagraphElement);
  const head = button.parentElement!;
  const wait = (text: string): void => {
    list.replaceChildren(...measured.map((kind) => waiting(kind, text)));
  };
  const enable = (): void => {
    button.disabled = app.state !== "idle" || !app.shown;
  };
  app.on("set", () => {
    const { figures } = app;
    if (figures) list.replaceChildren(...figures.map((figure) => line(figure)));
    else wait("");
    caption.textContent = figures ? finding(figures) : unmeasured;
    enable();
  });
  app.on("state", enable);
  button.addEventListener("click", () => {
    button.disabled = true;
    wait("measuring…");
    const found: Compared[] = [];
    void attempt(head, () =>
      workshop.compare((compared) => {
        found.push(compared);
        list.children[measured.indexOf(compared.kind as Kind)]?.replaceWith(line(compared, compared));
        announce(`${titles[compared.kind as Kind]}: ${value(compared)}`);
        if (found.length === measured.length) caption.textContent = `${finding(found)} Measured here.`;
      }),
    )
      .then(() => {
        for (const item of list.querySelectorAll<HTMLElement>(".waiting")) item.querySelector("em")!.textContent = "";
      })
      .finally(enable);
  });
}

const unmeasured =
  "Measure it: the same networks train for as many steps on real images drawn at random, and on the average of each class, " +
  "each at its best learning rate or, if these images have none, by their protocol.";

/** Says in a sentence what the lines show. */
function finding(figures: readonly Figure[]): string {
  const of = (kind: Kind): Figure | undefined => figures.find((figure) => figure.kind === kind);
  const [ours, random, all] = [of("distilled"), of("random-real"), of("all")];
  const parts = ["The share of pictures it has never seen that a network reads rightly, after as many steps on each."];
  if (ours && random) {
    parts.push(
      ours.mean > random.mean
        ? `As many real ones, which nobody learned, give ${percent(random.mean)} instead of ${percent(ours.mean)}.`
        : `As many real ones give ${percent(random.mean)}: learning these images saved no training.`,
    );
  }
  if (all) parts.push(`On all the real ones it takes ${count(allDigits.gradientSteps, "step")}.`);
  return parts.join(" ");
}

function value({ mean, std, networks }: Figure): string {
  return networks > 1 ? `${(100 * mean).toFixed(1)} ± ${percent(std)}` : percent(mean);
}

function waiting(kind: Kind, text: string): HTMLLIElement {
  const title = create("div", { className: "title" }, create("span", { textContent: titles[kind] }));
  title.append(create("em", { textContent: text }));
  return create("li", { className: "line waiting" }, title, bar(0));
}

function bar(share: number): HTMLDivElement {
  const fill = create("i");
  fill.style.width = `${100 * share}%`;
  return create("div", { className: "bar" }, fill);
}

function line(figure: Figure, compared?: Compared): HTMLLIElement {
  const { kind, mean, images } = figure;
  const name = `${titles[kind]}, ${thousands(images)}`;
  const title = create("div", { className: "title" }, create("span", { textContent: name }));
  title.append(create("span", { textContent: value(figure) }));
  const item = create("li", { className: kind === "distilled" ? "line ours" : "line" }, title, bar(mean));
  if (compared) {
    const canvas = create("canvas");
    paintTiles(canvas, compared.tiles, inRow(compared.tiles.labels.length));
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${titles[kind]}: one image of each class`);
    item.append(canvas);
  }
  item.title = count(images, "image");
  return item;
}
