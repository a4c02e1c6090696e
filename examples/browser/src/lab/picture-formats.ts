// Tells formats of pictures apart, by the ends of names and by the first bytes, and says what to do with those that are not read.

/** A format that the library does not read. */
export interface OtherFormat {
  readonly name: string;
  /** The type under which a browser may decode it. */
  readonly type?: string;
  /** What a visitor can do with such a file. */
  readonly advice: string;
}

const asPng = "save it as PNG or JPEG";
const webp: OtherFormat = { name: "WebP", type: "image/webp", advice: asPng };
const gif: OtherFormat = { name: "GIF", type: "image/gif", advice: asPng };
const bmp: OtherFormat = { name: "BMP", type: "image/bmp", advice: asPng };
const avif: OtherFormat = { name: "AVIF", type: "image/avif", advice: asPng };
const heic: OtherFormat = { name: "HEIC", type: "image/heic", advice: "export it as JPEG or PNG" };
const tiff: OtherFormat = { name: "TIFF", type: "image/tiff", advice: asPng };
const jxl: OtherFormat = { name: "JPEG XL", type: "image/jxl", advice: asPng };
const jp2: OtherFormat = { name: "JPEG 2000", advice: asPng };
const svg: OtherFormat = { name: "SVG", advice: "it has no pixels: export it as PNG" };
const pdf: OtherFormat = { name: "PDF", advice: "export its pictures as PNG or JPEG" };
const psd: OtherFormat = { name: "PSD", advice: "export it as PNG or JPEG" };
const raw: OtherFormat = { name: "a camera's RAW", advice: "export it as JPEG or PNG" };
const video: OtherFormat = { name: "video", advice: "save single pictures of it as PNG or JPEG" };

const byName: readonly (readonly [RegExp, OtherFormat])[] = [
  [/\.webp$/i, webp],
  [/\.gif$/i, gif],
  [/\.(bmp|dib)$/i, bmp],
  [/\.avif$/i, avif],
  [/\.(heic|heif|hif)$/i, heic],
  [/\.tiff?$/i, tiff],
  [/\.jxl$/i, jxl],
  [/\.(jp2|j2k|jpx)$/i, jp2],
  [/\.svgz?$/i, svg],
  [/\.pdf$/i, pdf],
  [/\.ps[db]$/i, psd],
  [/\.(dng|cr[23w]|nef|nrw|arw|sr2|orf|rw2|raf|pef|srw|3fr)$/i, raw],
  [/\.(mp4|mov|m4v|avi|webm|mkv)$/i, video],
];

/** Returns the format that a file's name says, if the library does not read it. */
export function formatByName(path: string): OtherFormat | undefined {
  return byName.find(([pattern]) => pattern.test(path))?.[1];
}

/** Returns whether a file of this name is meant to be a picture, whatever its format. */
export function isPictureName(path: string): boolean {
  return /\.(png|jpe?g|jfif)$/i.test(path) || formatByName(path) !== undefined;
}

/** Returns the format of a file that is neither a PNG nor a JPEG, by its first bytes; undefined if it is none that is known. */
export function formatByContent(bytes: Uint8Array): OtherFormat | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 16));
  if (/^RIFF.{4}WEBP/s.test(start)) return webp;
  if (/^GIF8[79]a/.test(start)) return gif;
  if (start.startsWith("BM")) return bmp;
  // The files of this family say after "ftyp" what they are.
  if (start.slice(4, 8) === "ftyp") {
    const brand = start.slice(8, 12);
    return /^avi[fs]/.test(brand) ? avif : /^(he[iv][cmsx]|mif1|msf1)/.test(brand) ? heic : video;
  }
  if (/^(II\*\0|MM\0\*)/.test(start)) return tiff;
  if (start.startsWith("\xff\x0a") || start.slice(4, 8) === "JXL ") return jxl;
  if (start.slice(4, 8) === "jP  ") return jp2;
  if (start.startsWith("%PDF")) return pdf;
  if (start.startsWith("8BPS")) return psd;
  return /^\s*<(\?xml|svg)/.test(start) ? svg : undefined;
}
