// The panel "Would any images do?": it compares the distilled images with random real ones and class averages.
import type { Compared } from "../lab/api.ts";
import type { App } from "./app.ts";
import { announce, attempt, byId, count, create, percent } from "./dom.ts";
import { inRow, paintTiles } from "./paint.ts";

const titles = { distilled: "Distilled", "random-real": "Random real", "class-average": "Class averages" } as const;

type Kind = keyof typeof titles;

const kinds = Object.keys(titles) as Kind[];

export function comparePanel(app: App): void {
  const button = byId("compare-start", HTMLButtonElement);
  const list = byId("lines", HTMLUListElement);
  const head = button.parentElement!;
  const reset = (text: string): void => {
    list.replaceChildren(...kinds.map((kind) => line(kind, text)));
  };
  const enable = (): void => {
    button.disabled = app.state !== "idle" || !app.shown;
  };
  app.on("set", () => {
    reset("");
    enable();
  });
  app.on("state", enable);
  button.addEventListener("click", () => {
    button.disabled = true;
    reset("measuring…");
    void attempt(head, () =>
      app.lab.compare((compared: Compared) => {
        const kind = compared.kind as Kind;
        list.children[kinds.indexOf(kind)]?.replaceWith(line(kind, value(compared), compared));
        announce(`${titles[kind]}: ${value(compared)}`);
      }),
    )
      .then(() => {
        for (const item of list.querySelectorAll<HTMLElement>(".waiting")) item.querySelector("em")!.textContent = "";
      })
      .finally(enable);
  });
  reset("");
}

function value({ mean, std, networks }: Compared): string {
  return networks > 1 ? `${(100 * mean).toFixed(1)} ± ${percent(std)}` : percent(mean);
}

function line(kind: Kind, text: string, compared?: Compared): HTMLLIElement {
  const images = compared ? `, ${count(compared.images, "image")}` : "";
  const title = create("div", { className: "title" }, create("span", { textContent: titles[kind] + images }));
  title.append(compared ? create("span", { textContent: text }) : create("em", { textContent: text }));
  const fill = create("i");
  if (compared) fill.style.width = `${100 * compared.mean}%`;
  const item = create(
    "li",
    { className: kind === "distilled" ? "line ours" : "line" },
    title,
    create("div", { className: "bar" }, fill),
  );
  if (!compared) {
    item.classList.add("waiting");
    item.append(create("div", { className: "blank" }));
  } else {
    const canvas = create("canvas");
    paintTiles(canvas, compared.tiles, inRow(compared.tiles.labels.length));
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${titles[kind]}: one image of each class`);
    item.append(canvas);
  }
  return item;
}
