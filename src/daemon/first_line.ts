/**
 * How the server and its launcher begin to speak: with a line, over the standard streams.
 *
 * @module
 */

/** The first line of a stream, and nothing behind it. Throws an Error with `complaint` if the stream ends before. */
export async function firstLine(
  reader: ReadableStreamDefaultReader<string>,
  complaint: string,
): Promise<string> {
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(complaint);
    text += value;
  }
  return text;
}
