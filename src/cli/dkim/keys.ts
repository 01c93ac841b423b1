/**
 * What the commands of `postmaster dkim` share: where the keys are, and as whom they are written.
 * @module
 */
import { type Config, findConfig, keysDirectory, loadConfig } from "../../config/mod.ts";
import { credentialsOf, startedByRoot } from "../../daemon/credentials.ts";
import { makeDirectories } from "../../daemon/directory.ts";
import { become } from "../../daemon/privileges.ts";
import { CachingResolver } from "../../dns/caching_resolver.ts";
import { domainsIn } from "../../signing/key_files.ts";
import { suggest } from "../../base/nearest.ts";
import { observe, type Observed } from "../../signing/key_rotation.ts";

/** The flags of these commands. */
export interface DkimFlags {
  /** The configuration; it names the directory of the keys. */
  readonly config?: string;
  readonly json?: boolean;
}

/** The directory of keys, for one command. */
export class Keys {
  readonly directory: string;
  readonly config: Config;
  readonly #dns: CachingResolver;

  private constructor(config: Config) {
    this.config = config;
    this.directory = keysDirectory(config);
    this.#dns = new CachingResolver(config.dns);
  }

  /** Root becomes the server's user, who is to own what is written. */
  static async open({ config: file = findConfig() }: DkimFlags): Promise<Keys> {
    const config = loadConfig(file);
    if (startedByRoot()) {
      const credentials = credentialsOf(config);
      makeDirectories(config, credentials);
      await become(credentials, { handlers: [] });
    }
    return new Keys(config);
  }

  /** The domains that have keys. */
  get domains(): readonly string[] {
    return domainsIn(this.directory);
  }

  /** Looks for the records of a domain's keys, as the server does. Throws if the domain has none. */
  observe(domain: string): Promise<Observed> {
    const { directory, domains } = this;
    if (!domains.includes(domain)) {
      const cure = suggest(domain, domains, `\`postmaster dkim generate ${domain}\` makes keys`);
      throw new Error(`${domain} has no keys in ${directory}: ${cure}`);
    }
    return observe(domain, { directory, dns: this.#dns, now: Date.now });
  }
}
