// Files that come in: a distilled set is shown, anything else is taken for pictures to distil. All are read in the page.
import type { App } from "./app.ts";
import { attempt, byId, count, trouble } from "./dom.ts";
import { fetchIdx, onPicked, type Picked } from "./picked.ts";
import type { SettingsForm } from "./settings.ts";

export function openFiles(app: App, form: SettingsForm): void {
  const take = (files: () => Promise<Picked[]>): void => void attempt(async () => open(app, form, await files()));
  onPicked(take);
  byId("fetch", HTMLButtonElement).addEventListener("click", () => {
    const address = byId("address", HTMLInputElement);
    if (address.value !== "" && address.reportValidity()) take(() => fetchIdx(address.value));
  });
}

async function open(app: App, form: SettingsForm, files: readonly Picked[]): Promise<void> {
  trouble(undefined);
  if (app.state !== "idle") throw new Error("a run is on: stop it before you open something else");
  const [first] = files;
  if (files.length === 1 && /\.(safetensors|npz)$/i.test(first!.path)) await showSet(app, first!);
  else await takePictures(app, form, files);
}

async function showSet(app: App, { path, bytes }: Picked): Promise<void> {
  const shown = await app.lab.load(new Uint8Array(await bytes.arrayBuffer()), path);
  const from = shown.data === undefined ? "" : `, made from ${shown.data}`;
  const updates = shown.outerSteps === undefined ? "" : ` in ${count(shown.outerSteps, "update")}`;
  app.show(shown, `Opened from ${path}${from}${updates}.`);
}

async function takePictures(app: App, form: SettingsForm, files: readonly Picked[]): Promise<void> {
  const text = byId("own-info", HTMLElement);
  const settings = byId("settings", HTMLDetailsElement);
  settings.open = true;
  const progress = (done: number, total: number): void => {
    text.textContent = `reading picture ${done} of ${total}…`;
  };
  text.textContent = "reading…";
  try {
    app.own = await app.lab.own([...files], nameOf(files), progress);
  } catch (error) {
    text.textContent = "could not be read";
    throw error;
  }
  const { name, train, test, width, height, classNames } = app.own;
  text.textContent =
    `${name}: ${count(train, "picture")} of ${width}×${height} in ${count(classNames.length, "class", "classes")}, ` +
    `${test.toLocaleString("en")} held out`;
  form.offerOwn();
}

/** The folder that the files lie in, or the first file without what its name ends in. */
function nameOf(files: readonly Picked[]): string {
  const [top, rest] = files[0]!.path.split("/");
  return rest === undefined ? top!.replace(/\.(zip|tar|tgz|tar\.gz|gz)$/i, "") : top!;
}
