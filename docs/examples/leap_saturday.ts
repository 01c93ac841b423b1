/**
 * Relays mail for example.org only on Saturdays in a leap year.
 *
 * @module
 */
import { type Handler } from "postmaster";
import { relayTo, when } from "postmaster/handlers";

const policy: Handler = when({
  if: { weekday: "sat", leapYear: true, timeZone: "UTC" },
  then: relayTo({ domains: ["example.org"] }),
});
export default policy;
