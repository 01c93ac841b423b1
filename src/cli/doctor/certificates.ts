/**
 * The server's certificates: when they end, for whom they are, and whether they lead to an authority.
 * @module
 */
import type { Config, Settings } from "../../config/mod.ts";
import { acmeStoreOf } from "../../daemon/acme.ts";
import { tried } from "../../base/tried.ts";
import { isForUsers } from "../../net/address.ts";
import { leadsToAuthority } from "../../tls/authorities.ts";
import { type Certificate, readCertificate, untimely } from "../../tls/certificate.ts";
import { concernsAbout, type KeyPair, readKeyPair } from "../../tls/key_pair.ts";
import { issuerOf, subjectOf } from "../../tls/subject.ts";
import type { Check } from "./check.ts";
import { fault, type Found, note, ok, warning } from "./finding.ts";
import type { Installation } from "./installation.ts";

/** The check. Pairs that cannot be used at all are mistakes in the configuration. */
export const certificates: Check = {
  name: "certificates",
  about: "the certificates: when they end, for whom they are, and who has issued them",
  network: false,
  run: (installation) => {
    const { settings, config } = installation;
    const pairs = pairsOf(settings, config);
    if (settings.tls === undefined) {
      const what = "there is no certificate: mail comes in clear text";
      return Promise.resolve([note("tls", what, "set `tls`, for example with `acme`")]);
    }
    if (pairs.length === 0 && settings.tls.acme !== undefined) {
      const what = "there is no certificate of the authority yet";
      return Promise.resolve([fault("tls.acme", what, "look into the log for `acme`")]);
    }
    return Promise.resolve(pairs.flatMap((pair, i) => lookAt(pair, i === 0, installation)));
  },
};

function lookAt(pair: KeyPair, isFirst: boolean, installation: Installation): readonly Found[] {
  const { hostname } = installation;
  const file = pair.files.certificate;
  const concerns = concernsAbout(pair, isFirst ? hostname : undefined, Date.now())
    .map(({ isFault, message }) =>
      (isFault ? fault : warning)(file, message, renewal(installation))
    );
  const found = [...concerns, ...doubtsAboutChain(pair, installation)];
  const end = new Date(pair.certificate.validTo).toISOString().slice(0, 10);
  return found.length > 0 ? found : [ok(file, `the certificate ${file} is good until ${end}`)];
}

const renewal = ({ settings }: Installation): string =>
  settings.tls?.acme === undefined
    ? "renew it, for example by `certbot renew`, or let `tls.acme` do it"
    : "look into the log for `acme`";

function doubtsAboutChain(pair: KeyPair, { relay, listeners }: Installation): readonly Found[] {
  const file = pair.files.certificate;
  const chain = chainOf(pair);
  const [own, ...others] = chain;
  if (own === undefined) return [];
  const late = others.find((one) => untimely(one, Date.now()) !== undefined);
  if (late !== undefined) {
    const what = `a certificate of an authority in ${file} ${untimely(late, Date.now())}`;
    return [warning(file, what, "replace the file by the whole new chain")];
  }
  if (leadsToAuthority(chain, relay?.ca)) return [];
  if (subjectOf(own.x509.raw) === issuerOf(own.x509.raw)) {
    const say = listeners.some(({ kind }) => isForUsers(kind)) ? warning : note;
    const what = `the certificate ${file} is signed by itself: programs of users do not trust it`;
    return [say(file, what, "get one of an authority, for example by `tls.acme`")];
  }
  const issuer = issuerOf(chain.at(-1)!.x509.raw);
  const what =
    `the chain in ${file} is incomplete: it lacks the certificate of ${issuer}, or that is ` +
    "an authority nobody knows";
  return [warning(file, what, "name the file with the whole chain: certbot's is fullchain.pem")];
}

/** The chains that the server presents, that of the first pair first. */
export const presentedIn = (
  settings: Partial<Settings>,
  config: Config | undefined,
): readonly (readonly Certificate[])[] => pairsOf(settings, config).map(chainOf);

function pairsOf({ tls }: Partial<Settings>, config: Config | undefined): readonly KeyPair[] {
  const own = (tls?.certificates ?? []).flatMap((files) => tried(() => readKeyPair(files)) ?? []);
  const ordered = config && tried(() => acmeStoreOf(config)?.readPair());
  return ordered === undefined ? own : [...own, ordered];
}

const chainOf = ({ pem }: KeyPair): readonly Certificate[] =>
  [...pem.cert.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g)]
    .map(([, block]) => readCertificate(Uint8Array.fromBase64(block!.replace(/\s/g, ""))));
