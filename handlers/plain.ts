/**
 * Texts of others in replies.
 * @module
 */

/** The text in printable ASCII, as a reply can have it, of at most so many characters. */
export const plain = (text: string, most = 300): string =>
  text.replace(/[^ -~]/g, "?").slice(0, most);
