/** Returns whether this is Firefox, which no feature tells. Other browsers have "Gecko" without a number in their names. */
export function isFirefox(): boolean {
  return /\bGecko\/\d/.test(globalThis.navigator?.userAgent ?? "");
}
