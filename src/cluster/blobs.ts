// Bytes on the server, in pieces that are named by their SHA-256: the same data are there once, whoever uses them, and whoever fetches
// them sees whether they are what they should be.
import { createHash } from "node:crypto";
import { FormatError } from "../errors.ts";
import { isObject } from "../kinds.ts";
import { canShareMemory } from "../platform/platform.ts";
import { blobKey, seconds } from "./keys.ts";
import type { Server } from "./server.ts";
import { bytesOf, unwired, type Wired } from "./wire.ts";

/** The size of a piece. A server takes values of at most 512 MiB, and is busy with one at a time. */
const PIECE = 2 ** 24;
/** The most bytes that the arrays of a message may have together. */
const MOST = 2 ** 33;
const MOST_ARRAYS = 2 ** 16;

/** Where the bytes of an array are. */
export interface Pieces {
  readonly bytes: number;
  /** The SHA-256 of each piece, in hexadecimal, in order. */
  readonly pieces: readonly string[];
}

/** A message whose arrays are on the server. */
export interface StoredMessage {
  readonly text: string;
  readonly arrays: readonly Pieces[];
}

/** A piece that is not on the server, or is not what its name says. `spoiled` tells which. */
export class BlobError extends Error {
  override readonly name = "BlobError";
  readonly spoiled: boolean;

  constructor(message: string, spoiled: boolean) {
    super(message);
    this.spoiled = spoiled;
  }
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Puts the arrays of messages on the server, each once. */
export class Uploads {
  readonly #server: Server;
  /** Where arrays are that were put before, or are being put now. Whoever gives an array again has not changed it. */
  readonly #known = new WeakMap<object, Promise<Pieces>>();
  /** All pieces that were put there, until they are taken away. */
  readonly #there = new Set<string>();

  constructor(server: Server) {
    this.#server = server;
  }

  /** Puts a message's arrays there; with `again` also those that should be there, because they are not. */
  async put({ text, arrays }: Wired, again = false): Promise<StoredMessage> {
    const stored: Pieces[] = [];
    for (const array of arrays) stored.push(await ((!again && this.#known.get(array)) || this.#putArray(array, again)));
    return { text, arrays: stored };
  }

  /** Puts an array there, for all that ask for it meanwhile: the calls of a step are given the same. */
  #putArray(array: Parameters<typeof bytesOf>[0], again: boolean): Promise<Pieces> {
    const put = this.#putBytes(bytesOf(array), again);
    this.#known.set(array, put);
    put.catch(() => {
      if (this.#known.get(array) === put) this.#known.delete(array);
    });
    return put;
  }

  async #putBytes(all: Uint8Array, again: boolean): Promise<Pieces> {
    const pieces: string[] = [];
    for (let from = 0; from < all.length; from += PIECE) {
      const piece = Buffer.from(all.buffer as ArrayBuffer, all.byteOffset + from, Math.min(PIECE, all.length - from));
      const name = sha256Of(piece);
      pieces.push(name);
      const key = blobKey(name);
      const { redis } = this.#server;
      await this.#server.patiently(async () => {
        if (!again && (await redis.expire(key, seconds.blob)) === 1) return;
        await redis.set(key, piece, "EX", seconds.blob);
      });
      this.#there.add(name);
    }
    return { bytes: all.length, pieces };
  }

  /** Puts a value there as JSON. */
  async putJson(value: unknown, again = false): Promise<Pieces> {
    return this.#putBytes(new TextEncoder().encode(JSON.stringify(value)), again);
  }

  /** Makes everything last longer. */
  async keep(): Promise<void> {
    const commands = this.#server.redis.pipeline();
    for (const name of this.#there) commands.expire(blobKey(name), seconds.blob);
    await commands.exec();
  }

  /** Takes pieces of messages away. Whoever needs one of them too puts it there again. */
  async remove(messages: readonly StoredMessage[]): Promise<void> {
    const names = new Set(messages.flatMap(({ arrays }) => arrays.flatMap(({ pieces }) => pieces)));
    for (const name of names) this.#there.delete(name);
    if (names.size > 0) await this.#server.redis.unlink(...[...names].map(blobKey));
  }

  /** Takes everything away. */
  async removeAll(): Promise<void> {
    const keys = [...this.#there].map(blobKey);
    this.#there.clear();
    if (keys.length > 0) await this.#server.redis.unlink(...keys);
  }
}

/** Arrays up to so many bytes are kept, so many bytes of them: the networks of a step are given the same. */
const KEPT = { each: 2 ** 25, all: 2 ** 27 };

/** Fetches messages. */
export class Downloads {
  readonly #server: Server;
  /** What was fetched last, by its pieces, the oldest first. Whoever gets an array does not change it. */
  readonly #kept = new Map<string, Uint8Array>();
  #keptBytes = 0;

  constructor(server: Server) {
    this.#server = server;
  }

  /** Returns the value of a message. Throws BlobError for pieces that are missing or spoiled, FormatError for other faults. */
  async fetch({ text, arrays }: StoredMessage): Promise<unknown> {
    const bytes: Uint8Array[] = [];
    for (const array of arrays) bytes.push(await this.#bytes(array));
    return unwired(text, (i) => {
      const array = bytes[i];
      if (!array) throw new FormatError(`a message: expected an array of number ${i}, got ${bytes.length} arrays`);
      return array;
    });
  }

  /** Returns the text at a place. Throws BlobError. */
  async fetchText(pieces: Pieces): Promise<string> {
    return new TextDecoder().decode(new Uint8Array(await this.#bytes(pieces)));
  }

  async #bytes(pieces: Pieces): Promise<Uint8Array> {
    const name = pieces.pieces.join();
    const kept = this.#kept.get(name);
    if (kept) return kept;
    const all = await this.#fetched(pieces);
    // Another job may have fetched it meanwhile.
    if (all.length > KEPT.each || this.#kept.has(name)) return all;
    this.#kept.set(name, all);
    this.#keptBytes += all.length;
    for (const [oldest, { length }] of this.#kept) {
      if (this.#keptBytes <= KEPT.all) break;
      this.#kept.delete(oldest);
      this.#keptBytes -= length;
    }
    return all;
  }

  /** Fetches an array, into memory that all threads see if there is such memory. */
  async #fetched({ bytes, pieces }: Pieces): Promise<Uint8Array> {
    const room = canShareMemory() ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
    const all = new Uint8Array(room);
    for (const [i, name] of pieces.entries()) {
      all.set(await this.#piece(name, Math.min(PIECE, bytes - i * PIECE)), i * PIECE);
    }
    return all;
  }

  async #piece(name: string, bytes: number): Promise<Uint8Array> {
    const { redis, address } = this.#server;
    const key = blobKey(name);
    // Its length is looked at before it takes memory here.
    const length = await redis.strlen(key);
    if (length === 0) throw new BlobError(`${address.shown}: expected ${key}, got nothing`, false);
    const piece = length === bytes ? await redis.getBuffer(key) : null;
    if (piece === null || sha256Of(piece) !== name) {
      throw new BlobError(
        `${address.shown}: ${key} is not what its name says, because its bytes have another SHA-256: somebody changed it`,
        true,
      );
    }
    return piece;
  }
}

/** Returns a value as a message whose arrays are on the server. Throws FormatError for others. */
export function checkStored(value: unknown): StoredMessage {
  const { text, arrays } = isObject(value) ? value : {};
  if (typeof text !== "string" || !Array.isArray(arrays) || arrays.length > MOST_ARRAYS) {
    throw new FormatError("a job: expected a message of a text and arrays, got another value");
  }
  const checked = arrays.map(checkPieces);
  const sum = checked.reduce((before, { bytes }) => before + bytes, 0);
  if (sum > MOST) throw new FormatError(`a job: expected arrays of at most ${MOST} bytes, got ${sum}`);
  return { text, arrays: checked };
}

/** Returns a value as the place of an array. Throws FormatError for others. */
export function checkPieces(value: unknown): Pieces {
  const { bytes, pieces } = isObject(value) ? value : {};
  const whole = typeof bytes === "number" && Number.isInteger(bytes) && bytes >= 0 && bytes <= MOST;
  const named =
    Array.isArray(pieces) && pieces.every((name) => typeof name === "string" && /^[0-9a-f]{64}$/.test(name));
  if (!whole || !named || pieces.length !== Math.ceil(bytes / PIECE)) {
    throw new FormatError("a job: expected a length in bytes and the SHA-256 of each piece, got another value");
  }
  return { bytes, pieces };
}
