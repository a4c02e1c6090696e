// Text out of files, as it is shown.

/**
 * Returns text out of a file as it is shown: characters that are not seen, such as those that turn the order of others round,
 * become marks.
 */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu, "\ufffd");
}
