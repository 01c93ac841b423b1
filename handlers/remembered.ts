/**
 * A cache of answers.
 *
 * @module
 */

/** The most answers that are kept. */
const MOST = 1000;

/** The answer to a question, computed only if it is not known. A full cache forgets all answers. */
export function remembered<A>(
  known: Map<string, A>,
  question: string,
  find: (question: string) => A,
): A {
  const answer = known.get(question);
  if (answer !== undefined || known.has(question)) return answer as A;
  if (known.size >= MOST) known.clear();
  const found = find(question);
  known.set(question, found);
  return found;
}
