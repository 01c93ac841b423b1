/**
 * Certificates made by openssl(1).
 *
 * @module
 */
import type { Directory } from "../running.ts";
import type { KeyFiles } from "../../src/tls/key_pair.ts";

const EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

function openssl(...args: string[]): void {
  const { success, stderr } = new Deno.Command("openssl", { args }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** A certificate that a server signs itself, for these domains. */
export function selfSigned(
  directory: Directory,
  domains: readonly [string, ...string[]],
  days = 30,
): KeyFiles {
  const files = filesOf(directory, domains[0]);
  const names = domains.map((domain) => `DNS:${domain}`).join(",");
  openssl(
    ...["req", "-x509", ...EC, "-days", String(days), "-subj", `/CN=${domains[0]}`],
    ...["-addext", `subjectAltName=${names}`, "-keyout", files.key, "-out", files.certificate],
  );
  return files;
}

/** A certificate of a client, by an authority of its own, whose certificate is in `authority`. */
export function ofClient(
  directory: Directory,
  name: string,
): KeyFiles & { readonly authority: string } {
  const [own, other] = [filesOf(directory, name), filesOf(directory, `authority of ${name}`)];
  openssl(
    ...["req", "-x509", ...EC, "-days", "30", "-subj", "/CN=authority"],
    ...["-keyout", other.key, "-out", other.certificate],
  );
  const request = directory.of(`${name}.csr`);
  openssl("req", ...EC, "-subj", `/CN=${name}`, "-keyout", own.key, "-out", request);
  openssl(
    ...["x509", "-req", "-in", request, "-CA", other.certificate, "-CAkey", other.key],
    ...["-CAcreateserial", "-days", "30", "-out", own.certificate],
    ...["-extfile", directory.write(`${name}.ext`, "extendedKeyUsage=clientAuth\n")],
  );
  return { ...own, authority: other.certificate };
}

const filesOf = (directory: Directory, name: string): KeyFiles => ({
  certificate: directory.of(`${name.replace("*", "star")} cert.pem`),
  key: directory.of(`${name.replace("*", "star")} key.pem`),
});
