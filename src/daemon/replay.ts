/**
 * Asks candidates what they would have said in sessions that were kept. They run in a process without permissions.
 * @module
 */
import type { Config } from "../config/mod.ts";
import { CachingResolver } from "../dns/caching_resolver.ts";
import type { Part } from "../explain/part.ts";
import { ModuleLoader } from "../modules/loader.ts";
import type { Findings, Told } from "../shadow/observed.ts";
import { addTo, emptyReport, type ShadowReport } from "../shadow/report.ts";
import { Retelling } from "../shadow/retelling.ts";
import { ShadowChild } from "./shadow_child.ts";
import { lookUp } from "./shadow_dns.ts";
import { candidatesIn, termsFor } from "./shadow_terms.ts";

/** What is told before the answers to it are waited for. */
const AT_ONCE = 2000;

/**
 * Tells candidates of parts of sessions.
 *
 * @param live the configuration with whose handlers they are compared
 * @param next the configuration with the candidates
 * @param parts the oldest first
 * @returns a report of the time between the first and the last of them
 * @throws {Error} if there is none, or if the candidates cannot be loaded, or take too long or too much memory
 */
export async function replay(
  live: Config,
  next: Config,
  parts: Iterable<Part>,
): Promise<ShadowReport> {
  using loader = new ModuleLoader();
  const handlers = candidatesIn(next).map(({ name }) => name);
  const report = emptyReport({ of: "", handlers }, 0);
  const dns = new CachingResolver(next.dns);
  using child = new ShadowChild(await termsFor(next, live.handlers, loader), {
    ask: (name, type) => lookUp(dns, name, type),
    found: (findings: Findings) => addTo(report, findings, 0),
  });
  const failed = async () => new Error(`the candidates failed: ${await child.ended}`);
  if (!await child.ready) throw await failed();
  let since = Infinity;
  let until = -Infinity;
  let told = 0;
  const tell = async (all: Iterable<Told>) => {
    for (const one of all) {
      await child.tell(one);
      if (++told % AT_ONCE === 0) await child.idle();
    }
  };
  const retelling = new Retelling(live.hostname);
  try {
    for (const part of parts) {
      since = Math.min(since, part.begun);
      until = Math.max(until, part.until);
      await tell(retelling.tell(part));
    }
    await tell(retelling.end());
    await child.idle();
  } catch (error) {
    throw child.hasEnded ? await failed() : error;
  }
  if (child.hasEnded) throw await failed();
  if (told === 0) throw new Error("nothing that matches is kept");
  return { ...report, since, until };
}
