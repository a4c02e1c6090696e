// Makes tar archives for tests, as any writer would, or an attacker.

import { ascii, concat } from "./hostile.ts";

/** An entry, in which any field can be made to lie. */
export interface Forged {
  name?: string;
  data?: Uint8Array;
  kind?: string;
  /** The field of the size, where it is not that of the data. */
  size?: ArrayLike<number>;
  link?: string;
}

/** An archive as any writer, or an attacker, would make it. */
export function forge(entries: readonly Forged[], end = 1024): Uint8Array {
  const parts = entries.flatMap(({ name = "a", data = new Uint8Array(), kind = "0", size, link = "" }) => {
    const head = new Uint8Array(512);
    head.set(ascii(name).subarray(0, 100));
    head.set(ascii("0000644\0"), 100);
    head.set(size ?? ascii(`${data.length.toString(8).padStart(11, "0")}\0`), 124);
    head.set(ascii("        "), 148);
    head.set(ascii(kind), 156);
    head.set(ascii(link), 157);
    head.set(ascii("ustar\x0000"), 257);
    head.set(
      ascii(
        `${head
          .reduce((a, b) => a + b, 0)
          .toString(8)
          .padStart(6, "0")}\0 `,
      ),
      148,
    );
    return [head, data, new Uint8Array(-data.length & 511)];
  });
  return concat(...parts, new Uint8Array(end));
}

/** A pax record with its length. */
export function pax(key: string, value: string): Uint8Array {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (`${length}${rest}`.length !== length) length = `${length}${rest}`.length;
  return ascii(`${length}${rest}`);
}
