// JPEGs of every kind for tests: some that cjpeg wrote, some that an encoder writes here, and Pillow's pixels of them.
import { ascii, concat } from "../formats/hostile.ts";
import { encodeJpeg, type Pixels } from "./jpeg-encoder.ts";
import { bytes } from "./samples.ts";

/** A picture of 20 × 20, three blocks a side, as cjpeg writes it: `restarts` with a restart marker after every two blocks. */
export const pictures = {
  grey: {
    plain: [
      "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACAWGBwYFCAcGhwkIiAmMFA0MCwsMGJGSjpQdGZ6eHJmcG6AkLicgIiuim5woNqirr7EztDOfJri8u",
      "DI8LjKzsb/wAALCAAUABQBAREA/8QAFwABAQEBAAAAAAAAAAAAAAAABAEFAv/EACoQAAECBAMGBwAAAAAAAAAAAAECAwAEERIFISITFCRCgcEx",
      "UWGCorHh/9oACAEBAAA/ADyze6U57ulKRqsNmVSbSFKWMiRkD3gbeL6Rw/z/ACLLN7pTnu6UpFmJITUwZZLxSGQFK05Enwy9B9xy9iE26pKpdz",
      "YJpQptCqnzqRCcJSNfSC4okcP7u0ZDaRaI/9k=",
    ],
    restarts: [
      "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACAWGBwYFCAcGhwkIiAmMFA0MCwsMGJGSjpQdGZ6eHJmcG6AkLicgIiuim5woNqirr7EztDOfJri8u",
      "DI8LjKzsb/wAALCAAUABQBAREA/8QAFwAAAwEAAAAAAAAAAAAAAAAAAQIEBf/EACoQAAECBAMGBwAAAAAAAAAAAAECAwAEERIFISITFCRCgcEx",
      "UWGCorHh/90ABAAC/9oACAEBAAA/AJ5ZvdKc93SlI1WGzKpNpClLGRIyB7x//9At4vpHD/P8gyze6U57ulKR/9F5iSE1MGWS8UhkBStORJ8MvQ",
      "fcK9iE26pKpdzYJpQptCqnzqRH/9KrCUjX0iXFEjh/d2j/08htItEf/9k=",
    ],
    progressive: [
      "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACAWGBwYFCAcGhwkIiAmMFA0MCwsMGJGSjpQdGZ6eHJmcG6AkLicgIiuim5woNqirr7EztDOfJri8u",
      "DI8LjKzsb/wgALCAAUABQBAREA/8QAFwAAAwEAAAAAAAAAAAAAAAAAAQMEAP/dAAQAAv/aAAgBAQAAAAFdX//Qx//RI//Sar//04//xAAYEAAD",
      "AQEAAAAAAAAAAAAAAAAAAQIDEv/aAAgBAQABBQKVyJcn/9Bakrk//9Go6p6Uz//SyNT/00f/xAAcEAABAwUAAAAAAAAAAAAAAAAAARARAhIiMT",
      "L/2gAIAQEABj8Cb//Q5b//0bZ0YrB//9IpP//TP//EABwQAAICAgMAAAAAAAAAAAAAAAABESExcVGx0f/aAAgBAQABPyHZki1bZ//Qp9GzJ//R",
      "okc3Q6Tg8RJ//9Jcidj/00o//9oACAEBAAAAEH//0L//0f8A/9I//9P/AP/EACAQAQACAQMFAQAAAAAAAAAAAAEAESFhodExQVGx8MH/2gAIAQ",
      "EAAT8QxeKqjJYDhTA/s//QwvnaYvFVT//RFGAHYK9MaHuYMFTRZ82k/9INsD40n//TCk//2Q==",
    ],
  },
  colour: {
    plain: [
      "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACAWGBwYFCAcGhwkIiAmMFA0MCwsMGJGSjpQdGZ6eHJmcG6AkLicgIiuim5woNqirr7EztDOfJri8u",
      "DI8LjKzsb/2wBDASIkJDAqMF40NF7GhHCExsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsb/wAARCAAU",
      "ABQDASIAAhEBAxEB/8QAGAABAAMBAAAAAAAAAAAAAAAAAAECBAP/xAAoEAABBAADBgcAAAAAAAAAAAABAAIDEQQSMRQhUYGhwSIjMkFhkfD/xA",
      "AYAQACAwAAAAAAAAAAAAAAAAACBAABA//EACQRAAIBAgMJAAAAAAAAAAAAAAABAjGhAzNBEhMhInGBscHh/9oADAMBAAIRAxEAPwC0EWzbvVm5",
      "IxrcSTTg1sd04+449F0EBZA5gdWcVdaLJiZRM5raILd/wb/dUDltvl11+WuXgp1jUh9zSOkdq46cEVxA8gZZMo4ZbRMKCSoFv2uCnZF52jyufZ",
      "TifFjXA6NAA+r7oiB5y7+iPIXR+UY42jKERFuKH//Z",
    ],
    restarts: [
      "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACAWGBwYFCAcGhwkIiAmMFA0MCwsMGJGSjpQdGZ6eHJmcG6AkLicgIiuim5woNqirr7EztDOfJri8u",
      "DI8LjKzsb/2wBDASIkJDAqMF40NF7GhHCExsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsb/wAARCAAU",
      "ABQDASIAAhEBAxEB/8QAGAABAAMBAAAAAAAAAAAAAAAAAAECBAP/xAAoEAABBAADBgcAAAAAAAAAAAABAAIDEQQSMRQhUYGhwSIjMkFhkfD/xA",
      "AXAQEBAQEAAAAAAAAAAAAAAAACBAED/8QAJBEAAgECAwkAAAAAAAAAAAAAAAECMaEDM0ESEyEicYGxweH/3QAEAAL/2gAMAwEAAhEDEQA/ALQR",
      "bNu9WbkjGtxJNODWx3Tj7jj0XQQFkDmB1ZxV1osmJlEzmtogt3/Bv91Qctt8uuvy1zcFOsakPuaR0jtXHTgiuIHkDLJlHDLaKhQSVBb9rgp2R/",
      "/QTtHlc+ynE+LGuB0aAB9X3REnnLv6G8hdH5RjjaMoREXckP/Z",
    ],
    progressive: [
      "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACAWGBwYFCAcGhwkIiAmMFA0MCwsMGJGSjpQdGZ6eHJmcG6AkLicgIiuim5woNqirr7EztDOfJri8u",
      "DI8LjKzsb/2wBDASIkJDAqMF40NF7GhHCExsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsb/wgARCAAU",
      "ABQDASIAAhEBAxEB/8QAFwABAQEBAAAAAAAAAAAAAAAAAAEDAv/EABcBAAMBAAAAAAAAAAAAAAAAAAECAwD/3QAEAAL/2gAMAwEAAhADEAAAAa",
      "6xXFUP/9ACcQ8v/8QAGxAAAgIDAQAAAAAAAAAAAAAAAAECERIhMjH/2gAIAQEAAQUCSxOj/9D11r//0ZOyj//SZLv/00f/xAAZEQACAwEAAAAA",
      "AAAAAAAAAAAAYQIQEkL/2gAIAQMBAT8BgjbP/9Div//EABgRAAIDAAAAAAAAAAAAAAAAAAAREDFC/9oACAECAQE/AW6Ef//Q3H//xAAZEAEAAg",
      "MAAAAAAAAAAAAAAAAAARARMXH/2gAIAQEABj8Ccf/QzX//0W3/0or/03//xAAdEAACAwACAwAAAAAAAAAAAAAAAREhQTFRYXGB/9oACAEBAAE/",
      "IfckSWoWj//QdzaVdTyf/9GSl0TyHw//0lFm8H//00o//9oADAMBAAIAAwAAABAc/wD/0Hfv/8QAHBEBAAIBBQAAAAAAAAAAAAAAAQAxEBEhca",
      "Gx/9oACAEDAQE/EA3aazY6k//Qa8Ppj//EAB4RAAEDBAMAAAAAAAAAAAAAAAEAMaEQEUFhgcHh/9oACAECAQE/EDd2z5EoCAy//9As56p//8QA",
      "HxAAAgEEAgMAAAAAAAAAAAAAAREAITFRoUHBYZHw/9oACAEBAAE/ELfohkoGEXIzqf/Qe4CtiAxqKmrT/9EaAg1eC/twHAoMVT//0hb9SlGwAD",
      "0+5//TAk//2Q==",
    ],
  },
};
/** The colour picture again, 4:2:2: colours have half the columns of brightness. */
const wide = [
  "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeF",
  "xlZ2P/2wBDARESEhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2P/wAARCAAUABQDASEA",
  "AhEBAxEB/8QAFwAAAwEAAAAAAAAAAAAAAAAAAAMFAv/EAC0QAAEDAgIFDQAAAAAAAAAAAAIAAxIBBAUTISIyUqIRFSQxM0JRYoKRwcLw/8QAGQEAAg",
  "MBAAAAAAAAAAAAAAAAAAQBAgUD/8QAJhEAAQIDBgcAAAAAAAAAAAAAAQACAwQREhNBUaHhBRUhQ2Gxwf/aAAwDAQACEQMRAD8AZY2vNur2mZ6UMtt4",
  "kRRcFtu3lFwu8O9wqswbIdGzw03RJuunXimvgV8+dwbkKnXZ8EKRLCiZ5gR21aGxJmxcZFyOcMZR2VJxK6G8cbbiQk3reUpfuJLwyY0VsY44abrlKM",
  "ttslNCydqFIP5Y7seVC1booPEaJl8A9F0b31W8T18bMS6gAaD7Vr8pZwpNtA8/FY9JNpGR9hRmAHKpoQn1kr//2Q==",
];

/** Returns the bytes of one of these. */
export const made = (lines: readonly string[]): Uint8Array => new Uint8Array(Buffer.from(lines.join(""), "base64"));

/** Makes the EXIF of a camera: an orientation after another tag, in either order of bytes. */
export function exif(
  value: number,
  { little = false, type = 3, count = 1, tag = 0x0112, offset = 8, entries = 2 } = {},
): Uint8Array {
  const tiff = new DataView(new ArrayBuffer(8 + 2 + 12 * 2 + 4));
  tiff.setUint16(0, little ? 0x4949 : 0x4d4d);
  tiff.setUint16(2, 42, little);
  tiff.setUint32(4, offset, little);
  tiff.setUint16(8, entries, little);
  const entry = (at: number, ...[name, kind, n, content]: [number, number, number, number]) => {
    tiff.setUint16(at, name, little);
    tiff.setUint16(at + 2, kind, little);
    tiff.setUint32(at + 4, n, little);
    if (kind === 4) tiff.setUint32(at + 8, content, little);
    else tiff.setUint16(at + 8, content, little);
  };
  entry(10, 0x0100, 3, 1, 20);
  entry(22, tag, type, count, value);
  return concat(ascii("Exif\0\0"), new Uint8Array(tiff.buffer));
}

/** Returns a JPEG with a segment APP1 of this content. */
export function withExif(jpeg: Uint8Array, ...contents: Uint8Array[]): Uint8Array {
  const segments = contents.map((content) =>
    concat([0xff, 0xe1, (content.length + 2) >> 8, (content.length + 2) & 255], content),
  );
  return concat(jpeg.subarray(0, 2), ...segments, jpeg.subarray(2));
}

/** Makes a picture with slopes and some noise. */
export function texture(width: number, height: number, channels: 1 | 3): Pixels {
  const noise = bytes(width * height * channels, width);
  const data = noise.map((byte, i) => (byte & 31) + ((3 * i) & 127) + ((i / (width * channels)) & 63));
  return { width, height, channels, data };
}

/** A JPEG, and the SHA-256 of Pillow's reading: width and height as 32 bits, most significant first, then the pixels. */
export interface Kind {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

const { grey, colour } = pictures;
/** Each hash is that of Pillow 9.4 with libjpeg-turbo 2.1.5, turned by `ImageOps.exif_transpose`. */
export const kinds: readonly Kind[] = [
  ["grey", made(grey.plain), "833907cd8a6afbbb15a9cb052e776c91f2201ab6404b3a1d9b20bdfa2296158b"],
  [
    "grey with restart markers",
    made(grey.restarts),
    "833907cd8a6afbbb15a9cb052e776c91f2201ab6404b3a1d9b20bdfa2296158b",
  ],
  [
    "progressive grey with restart markers",
    made(grey.progressive),
    "833907cd8a6afbbb15a9cb052e776c91f2201ab6404b3a1d9b20bdfa2296158b",
  ],
  ["4:2:0", made(colour.plain), "cbbc28f228e286674061673e7a502f68acac5a50e5787eca0e9cf93151ba5646"],
  [
    "4:2:0 with restart markers",
    made(colour.restarts),
    "cbbc28f228e286674061673e7a502f68acac5a50e5787eca0e9cf93151ba5646",
  ],
  [
    "progressive 4:2:0 with restart markers",
    made(colour.progressive),
    "cbbc28f228e286674061673e7a502f68acac5a50e5787eca0e9cf93151ba5646",
  ],
  ["4:2:2", made(wide), "d1ef6b56a177dece844af2d4f7a5fc97df9ad403511ee9ab672935ffb1a08ec2"],
  ["4:4:4", encodeJpeg(texture(37, 21, 3)), "942170637237e00ac8dcc202dcc46a05065574ebfff0afd063792d1964329c42"],
  [
    "progressive 4:4:4",
    encodeJpeg(texture(8, 50, 3), { progressive: true, quality: 30 }),
    "b2cd5b14f4f89e0ebf39e7768e48942a70015d107c568f25ad146a58715367cf",
  ],
  [
    "progressive 4:2:0",
    encodeJpeg(texture(33, 17, 3), { progressive: true, subsampling: 2 }),
    "1441a837151e0e7a38ed071b9dc9655c3f52a2a55368754b5d3ac275267eb1c9",
  ],
  [
    "progressive grey",
    encodeJpeg(texture(19, 40, 1), { progressive: true }),
    "e9cbf139340a92ee0216092ddb789cf66b6560010e842c286c937830338c1e00",
  ],
  [
    "4:2:0 of many blocks",
    encodeJpeg(texture(223, 140, 3), { quality: 90, subsampling: 2 }),
    "d6b400d172647e20c706edee706245dc87acf003b919c58ba66a09f5136eac74",
  ],
  [
    "one pixel",
    encodeJpeg(texture(1, 1, 3), { subsampling: 2 }),
    "1e9af245bd883d71af2782499763ea8191eea0a9b86759837ded6c317700fa21",
  ],
  [
    "turned by its EXIF",
    withExif(encodeJpeg(texture(20, 12, 3)), exif(6)),
    "54859f2236e424326bfb61ab1d6ff914fbedeff0c56ae0ed55b6abcac7b600b9",
  ],
].map(([name, content, sha256]) => ({ name, bytes: content, sha256 }) as Kind);
