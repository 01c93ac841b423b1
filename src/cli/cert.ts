/**
 * `postmaster cert self-signed`: a certificate for trying out, made only when somebody asks for it.
 * @module
 */
import { lstatSync } from "node:fs";
import { hostname as systemHostname } from "node:os";
import { dirname, resolve } from "node:path";
import { messageOf } from "../base/message_of.ts";
import { findConfig, loadSettings, type Settings } from "../config/mod.ts";
import { type Credentials, credentialsOf, startedByRoot } from "../daemon/credentials.ts";
import { isDirectory, isSafe } from "../daemon/directory.ts";
import type { KeyFiles } from "../tls/key_pair.ts";

/** The flags of the command. */
export interface SelfSignedFlags {
  /** The configuration; it names the files, their owner and the domain. */
  readonly config?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly domain?: readonly string[];
  readonly days: number;
}

/** Makes a certificate and its key where neither is. Throws, and writes nothing, if one of them is there. */
export async function makeSelfSigned(flags: SelfSignedFlags): Promise<void> {
  const config = flags.config ?? findConfig();
  const settings = config === undefined ? undefined : loadSettings(config);
  const files = filesOf(flags, settings);
  const owner = startedByRoot() && settings ? credentialsOf(settings) : undefined;
  for (const path of [files.certificate, files.key]) refuse(path, owner);
  const domains = domainsOf(flags, settings);
  const { selfSigned } = await import("../tls/self_signed.ts"); // other commands start without it
  const made = await selfSigned(domains, flags.days);
  write(files.key, made.key, 0o600, owner);
  try {
    write(files.certificate, made.certificate, 0o644, owner);
  } catch (error) {
    Deno.removeSync(files.key); // without its certificate it is of no use
    throw error;
  }
  const reader = owner === undefined ? "you" : `the user ${owner.account?.name ?? owner.uid}`;
  const about = `a certificate for ${domains.join(", ")}, good for ${flags.days} days`;
  console.log(`wrote ${files.certificate}, ${about}`);
  console.log(`wrote ${files.key}, which only ${reader} can read\n`);
  const isNamed = flags.certificate === undefined;
  console.log(`${isNamed ? `${config} names both.` : settingsFor(files)}\n\n${UNTRUSTED}`);
}

const UNTRUSTED =
  "No client trusts this certificate: it is for trying out. A client that verifies certificates refuses it.";

const settingsFor = ({ certificate, key }: KeyFiles): string =>
  `For the configuration:\n  tls:\n    certificate: ${quoted(certificate)}\n    key: ${
    quoted(key)
  }`;

/** A path as YAML has it. */
const quoted = (path: string): string =>
  /^[\w./][\w./ -]*$/.test(path) ? path : JSON.stringify(path);

/** Where to write: where the flags say, or else where the configuration looks for its first pair. */
function filesOf({ certificate, key }: SelfSignedFlags, settings: Settings | undefined): KeyFiles {
  if (certificate !== undefined && key !== undefined) return { certificate, key };
  if (certificate !== undefined || key !== undefined) {
    throw new Error("--certificate and --key go together: name both files");
  }
  const [files] = settings?.tls?.certificates ?? [];
  if (files !== undefined) return files;
  throw new Error(
    "nothing says where to write: name the files with --certificate and --key, or in the configuration, as " +
      "`tls: {certificate: FILE, key: FILE}`",
  );
}

function domainsOf(
  { domain = [] }: SelfSignedFlags,
  settings: Settings | undefined,
): readonly [string, ...string[]] {
  const [first = settings?.hostname ?? systemHostname(), ...others] = domain;
  return [first, ...others];
}

/** Throws if no file can, or must, be made at a path. */
function refuse(path: string, owner: Credentials | undefined): void {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) {
    throw new Error(
      `${path} is there already, so nothing was written: move it away, or name another`,
    );
  }
  const directory = dirname(resolve(path));
  if (!isDirectory(directory)) {
    throw new Error(`there is no directory ${directory}: make it, or name another`);
  }
  if (owner === undefined || isSafe(resolve(path), owner)) return;
  const user = owner.account?.name ?? owner.uid;
  throw new Error(
    `the user ${user} may change ${directory} or what leads to it, so root writes nothing there: run this command ` +
      `as that user, or name a directory that only root may change`,
  );
}

function write(path: string, text: string, mode: number, owner: Credentials | undefined): void {
  try {
    Deno.writeTextFileSync(path, text, { createNew: true, mode });
  } catch (error) {
    throw new Error(`cannot write ${path}: ${messageOf(error)}`);
  }
  if (owner !== undefined) Deno.chownSync(path, owner.uid, owner.gid);
}
