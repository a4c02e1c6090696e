// Files with their paths that the user chose, dropped, or had fetched.
import { byId } from "./dom.ts";

export interface Picked {
  /** The path with its folders: "flowers/roses/1.jpg". */
  readonly path: string;
  readonly bytes: File;
}

/** How files came in: by one of the page's inputs, or dropped. */
export type Way = "open" | "files" | "folder" | "drop";

/** Calls `take` with what is chosen in the inputs and what is dropped anywhere on the page. */
export function onPicked(take: (files: () => Promise<Picked[]>, way: Way) => void): void {
  for (const id of ["open", "files", "folder"] as const) {
    const input = byId(id, HTMLInputElement);
    input.addEventListener("change", () => {
      const files = [...(input.files ?? [])].map((file) => ({
        path: file.webkitRelativePath || file.name,
        bytes: file,
      }));
      // Clearing the value makes choosing the same files again a change, too.
      input.value = "";
      if (files.length > 0) take(async () => files, id);
    });
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
    // Entries must be taken before the event is over.
    const entries = [...(event.dataTransfer?.items ?? [])].flatMap((item) => item.webkitGetAsEntry() ?? []);
    if (entries.length > 0) take(async () => (await Promise.all(entries.map(within))).flat(), "drop");
  });
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
    for (const inner of some) files.push(...(await within(inner)));
  }
}

const idxNames = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"];

/** Fetches the four idx files in a folder on the web. */
export async function fetchIdx(address: string): Promise<Picked[]> {
  const base = address.replace(/\/*$/, "/");
  return Promise.all(
    idxNames.map(async (name) => {
      const path = `${base.split("/").at(-2)}/${name}-ubyte.gz`;
      const url = `${base}${name}-ubyte.gz`;
      const response = await fetch(url).catch(() => undefined);
      const why = response ? `status ${response.status}` : "it is not there, or the host lets no other page read it";
      if (!response?.ok) throw new Error(`${url} could not be fetched: ${why}`);
      return { path, bytes: new File([await response.blob()], path) };
    }),
  );
}
