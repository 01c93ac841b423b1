/**
 * What was found out once.
 *
 * @module
 */

/** Answers that are kept: enough for what comes again and again. */
const MOST = 1000;

/** The answer to a question, which is found out only where it is not known. When too much is known, all is forgotten. */
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
