// Files with their paths that the user chose, dropped, or had fetched.
import { byId } from "./dom.ts";

export interface Picked {
  /** The path with its folders: "flowers/roses/1.jpg". */
  readonly path: string;
  readonly bytes: File;
}

/** Files that a user gave. Thousands are looked at one after the other, when it is the turn of each. */
export interface PickedFiles {
  readonly length: number;
  readonly at: (index: number) => Picked;
}

/** Folders that the reader looks into by itself, where a browser allows that: to name thousands of files takes seconds. */
export interface PickedFolders {
  readonly handles: readonly FileSystemHandle[];
}

/** How files came in: by one of the page's inputs, or dropped. */
export type Way = "open" | "files" | "folder" | "drop";

/** Calls `take` with what is chosen in the inputs and what is dropped anywhere on the page. */
export function onPicked(take: (files: () => Promise<PickedFiles | PickedFolders>, way: Way) => void): void {
  for (const id of ["open", "files", "folder"] as const) {
    const input = byId(id, HTMLInputElement);
    const look = (): void => {
      const files = [...(input.files ?? [])];
      // Clearing the value makes choosing the same files again a change, too.
      input.value = "";
      const at = (index: number): Picked => pickedOf(files[index]!);
      if (files.length > 0) take(async () => ({ length: files.length, at }), id);
    };
    input.addEventListener("change", look);
    // Somebody may have chosen before this was loaded.
    look();
  }
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("over");
  });
  for (const end of ["dragleave", "drop"]) {
    document.addEventListener(end, () => document.body.classList.remove("over"));
  }
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    // Both must be taken before the event is over.
    const items = ([...(event.dataTransfer?.items ?? [])] as WithHandles[]).filter(({ kind }) => kind === "file");
    const handles = items.map((item) => item.getAsFileSystemHandle?.().catch(() => null));
    const entries = items.flatMap((item) => item.webkitGetAsEntry() ?? []);
    if (entries.length > 0) take(() => dropped(handles, entries), "drop");
  });
  chooseFolders(take);
}

/** What browsers offer that TypeScript does not know. */
type WithHandles = DataTransferItem & { getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> };
type WithPicker = Window & { showDirectoryPicker?: () => Promise<FileSystemDirectoryHandle> };

async function dropped(
  promised: readonly (Promise<FileSystemHandle | null> | undefined)[],
  entries: readonly FileSystemEntry[],
): Promise<PickedFiles | PickedFolders> {
  const handles = (await Promise.all(promised)).filter((handle) => handle !== null && handle !== undefined);
  const all = handles.length === promised.length;
  if (all && handles.some(({ kind }) => kind === "directory")) return { handles };
  return listOf((await Promise.all(entries.map(within))).flat());
}

/** Has the browser ask for a folder in the place of the input, which would make an object of each file in it at once. */
function chooseFolders(take: (files: () => Promise<PickedFolders>, way: Way) => void): void {
  byId("folder", HTMLInputElement).addEventListener("click", (event) => {
    const { showDirectoryPicker } = window as WithPicker;
    if (!showDirectoryPicker || window !== window.top) return;
    event.preventDefault();
    const chosen = showDirectoryPicker.call(window);
    take(async () => ({ handles: [await chosen] }), "folder");
  });
}

function pickedOf(file: File): Picked {
  return { path: file.webkitRelativePath || file.name, bytes: file };
}

export function listOf(files: readonly Picked[]): PickedFiles {
  return { length: files.length, at: (index) => files[index]! };
}

/** Returns all files in what was dropped; folders give their content. */
async function within(entry: FileSystemEntry): Promise<Picked[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ path: entry.fullPath.slice(1), bytes: file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const files: Picked[] = [];
  for (;;) {
    // A browser returns a hundred at a time.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return files;
    for (const inner of await Promise.all(some.map(within))) for (const file of inner) files.push(file);
  }
}

const idxNames = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"];

/** Fetches the four idx files in a folder on the web. */
export async function fetchIdx(address: string): Promise<PickedFiles> {
  const base = address.replace(/\/*$/, "/");
  const files = await Promise.all(
    idxNames.map(async (name) => {
      const path = `${base.split("/").at(-2)}/${name}-ubyte.gz`;
      const url = `${base}${name}-ubyte.gz`;
      const response = await fetch(url).catch(() => undefined);
      const why = response ? `status ${response.status}` : "it is not there, or the host lets no other page read it";
      if (!response?.ok) throw new Error(`${url} could not be fetched: ${why}`);
      return { path, bytes: new File([await response.blob()], path) };
    }),
  );
  return listOf(files);
}
