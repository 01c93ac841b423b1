/**
 * Long answers, page by page.
 * @module
 */
import { LARGEST_PAGE } from "../../daemon/control_protocol.ts";
import type { Page } from "../../queue/store.ts";

/**
 * All pages of an answer.
 *
 * @param ask asks for up to `limit` items after the last page
 */
export async function* pages<T>(
  ask: (after: number, limit: number) => Promise<Page<T>>,
): AsyncGenerator<readonly T[], void> {
  for (let after: number | undefined = 0; after !== undefined;) {
    const page: Page<T> = await ask(after, LARGEST_PAGE);
    if (page.items.length > 0) yield page.items;
    after = page.next;
  }
}
