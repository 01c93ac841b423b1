/**
 * All checks, in the order in which their findings are told.
 * @module
 */
import { certificates } from "./certificates.ts";
import type { Check } from "./check.ts";
import { clock } from "./clock.ts";
import { configuration } from "./configuration.ts";
import { delivery } from "./delivery.ts";
import { descriptors } from "./descriptors.ts";
import { disk } from "./disk.ts";
import { dkim } from "./dkim.ts";
import { dmarc } from "./dmarc.ts";
import { drop } from "./drop.ts";
import { exchangers } from "./exchangers.ts";
import { hostname } from "./hostname.ts";
import { mailer } from "./mailer.ts";
import { mtaSts } from "./mta_sts.ts";
import { outgoing } from "./outgoing.ts";
import { permissions } from "./permissions.ts";
import { ports } from "./ports.ts";
import { queue } from "./queue.ts";
import { resolver } from "./resolver.ts";
import { reverse } from "./reverse.ts";
import { spf } from "./spf.ts";
import { tlsa } from "./tlsa.ts";

/** What is looked at. */
export const CHECKS: readonly Check[] = [
  ...[configuration, permissions, disk, clock, resolver, hostname, reverse],
  ...[exchangers, spf, dkim, dmarc, mtaSts, tlsa],
  ...[certificates, ports, outgoing, mailer, queue, drop, descriptors, delivery],
];
