// Types that the host declares: TypeScript's DOM library for pages, @types/node for Node. A program may be compiled with
// either or with neither; public types refer to them through these, which are the host's own types if it has them.

/** The type of the instances of the global class `Name`, and `Otherwise` where no library declares it. */
type HostType<Name extends string, Otherwise> = typeof globalThis extends {
  readonly [key in Name]: { readonly prototype: infer Instance };
}
  ? Instance
  : Otherwise;

export type AbortSignal = HostType<
  "AbortSignal",
  {
    readonly aborted: boolean;
    // biome-ignore lint/suspicious/noExplicitAny: as every library has it
    readonly reason: any;
    throwIfAborted(): void;
    addEventListener(type: "abort", listener: () => void): void;
    removeEventListener(type: "abort", listener: () => void): void;
  }
>;

export type Blob = HostType<"Blob", { readonly size: number; arrayBuffer(): Promise<ArrayBuffer> }>;

export type URL = HostType<"URL", { readonly href: string }>;

/** A worker of a page. */
export type Worker = HostType<"Worker", { postMessage(message: unknown): void; terminate(): void }>;
