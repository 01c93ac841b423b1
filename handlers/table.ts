/**
 * Tables in the options of handlers.
 * @module
 */
import type { z } from "postmaster/making";

/**
 * A check that no two keys of a table mean the same, as `Joe` and `joe` may.
 *
 * @param idOf the same for keys that mean the same
 */
export function eachOnce(
  idOf: (key: string) => string,
): (table: object, context: z.RefinementCtx) => void {
  return (table, context) => {
    const seen = new Map<string, string>();
    for (const key of Object.keys(table)) {
      const first = seen.get(idOf(key));
      if (first !== undefined) {
        const message = `\`${key}\` means the same as \`${first}\`: keep one of the two`;
        context.addIssue({ code: "custom", message, path: [key] });
      }
      seen.set(idOf(key), key);
    }
  };
}
