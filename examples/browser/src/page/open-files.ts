// Opens files: a distilled set is shown, anything else is taken for pictures to distil. All are read in the page.
import type { DataInfo } from "../lab/api.ts";
import { isPictureName } from "../lab/picture-formats.ts";
import { thousands } from "../lab/thousands.ts";
import type { Workshop } from "../lab/workshop.ts";
import type { App } from "./app.ts";
import { announce, attempt, byId, clearTrouble, count, plain } from "./dom.ts";
import { fetchIdx, onPicked, type Picked, type PickedFiles, type PickedFolders, type Way } from "./picked.ts";
import { ReadingProgress } from "./reading-progress.ts";
import type { SettingsForm } from "./settings.ts";

export function openFiles(app: App, workshop: Workshop, form: SettingsForm): void {
  const parts = { app, workshop, form, progress: new ReadingProgress(dropBox(), () => workshop.stopReading()) };
  onPicked((files, way) => {
    // A drop is marked where it will be shown: a set on the board, pictures in the form.
    const board = byId("images-head", HTMLDivElement);
    const beside = { open: byId("open-row", HTMLDivElement), drop: board, files: dropBox(), folder: dropBox() }[way];
    void attempt(beside, async () => open(parts, await files(), way));
  });
  const fetching = byId("fetch", HTMLButtonElement);
  fetching.disabled = false;
  fetching.addEventListener("click", () => {
    const address = byId("address", HTMLInputElement);
    if (address.value === "" || !address.reportValidity()) return;
    void attempt(byId("address-box", HTMLDivElement), async () => takePictures(parts, () => fetchIdx(address.value)));
  });
}

const dropBox = (): HTMLDivElement => byId("drop", HTMLDivElement);

interface Parts {
  readonly app: App;
  readonly workshop: Workshop;
  readonly form: SettingsForm;
  readonly progress: ReadingProgress;
}

async function open(parts: Parts, files: PickedFiles | PickedFolders, way: Way): Promise<void> {
  clearTrouble();
  if ("handles" in files) return attempt(dropBox(), () => takePictures(parts, async () => files));
  if (files.length === 0) throw new Error("There is no file in what was dropped.");
  const { app } = parts;
  const first = files.at(0);
  const one = files.length === 1;
  const pictures = (): Promise<void> => takePictures(parts, async () => files);
  if (one && (way === "open" || /\.safetensors$/i.test(first.path))) return showSet(parts, first);
  if (one && app.tryPicture && isPictureName(first.path)) return app.tryPicture(first.bytes);
  if (way !== "drop") return pictures();
  if (!one || !/\.npz$/i.test(first.path)) return attempt(dropBox(), pictures);
  // The file may be a distilled set, or arrays of pictures.
  await showSet(parts, first).catch((error: unknown) =>
    pictures().catch(() => {
      throw error;
    }),
  );
}

function idle(app: App): void {
  if (app.state !== "idle") throw new Error("A run is in progress. Stop it before you open something else.");
}

async function showSet({ app, workshop }: Parts, { path, bytes }: Picked): Promise<void> {
  idle(app);
  const shown = await workshop.load(new Uint8Array(await bytes.arrayBuffer()), path);
  const from = shown.data === undefined ? "" : `, made from ${shown.data}`;
  const updates = shown.outerSteps === undefined ? "" : ` in ${count(shown.outerSteps, "update")}`;
  app.show(shown, `Opened from ${path}${from}${updates}.`);
}

async function takePictures(parts: Parts, files: () => Promise<PickedFiles | PickedFolders>): Promise<void> {
  const { app, workshop, form, progress } = parts;
  idle(app);
  const [text, notes] = [byId("own-info", HTMLElement), byId("own-notes", HTMLElement)];
  byId("settings", HTMLDetailsElement).open = true;
  const reading = progress.begin();
  text.textContent = "reading…";
  notes.textContent = "";
  try {
    const picked = await files();
    app.own = await workshop.own(picked, nameOf(picked), (done, total) => {
      text.textContent = progress.show(done, total);
    });
  } catch (error) {
    // If another choice has replaced this one, the text is about that.
    if (progress.isLast(reading)) {
      const stopped = error instanceof Error && error.name === "AbortError";
      text.textContent = app.own
        ? plain(inWords(app.own))
        : stopped
          ? "none yet: the reading was stopped"
          : "could not be read";
    }
    throw error;
  } finally {
    progress.end(reading);
  }
  text.textContent = plain(inWords(app.own));
  notes.textContent = plain(app.own.notes.map((note) => (note.endsWith(".") ? note : `${note}.`)).join(" "));
  announce(`${text.textContent}. ${notes.textContent}`);
  form.offerOwn();
}

function inWords({ name, train, test, width, height, classNames }: DataInfo): string {
  return (
    `${name}: ${count(train, "picture")} of ${width}×${height} in ${count(classNames.length, "class", "classes")}, ` +
    `${thousands(test)} held out`
  );
}

/** Returns the folder that holds the files, or the name of the only file without its ending. */
function nameOf(files: PickedFiles | PickedFolders): string {
  if ("handles" in files) return files.handles.length === 1 ? files.handles[0]!.name : "your files";
  const [top, rest] = files.at(0).path.split("/");
  if (rest !== undefined) return top!;
  return files.length === 1 ? top!.replace(/\.(zip|tar|tgz|tar\.gz|npz|npy|csv|gz)$/i, "") : "your files";
}
