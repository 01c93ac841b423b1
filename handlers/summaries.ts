/**
 * What each ready-made handler does, for editors and for the overview in the documentation.
 *
 * @module
 */

/** A sentence for each of the names that a configuration calls handlers by. */
export const SUMMARIES: Readonly<Record<string, string>> = {
  "alias": "Gives recipients other names, or makes several of one.",
  "blacklist": "Refuses service to clients that another handler has banned.",
  "dnsbl": "Refuses clients that are on lists in the DNS.",
  "fcrdns": "Refuses clients whose address has no name that leads back to it.",
  "sender-domain": "Refuses senders whose domain could get no answer.",
  "zone": "Reads domains, users, aliases, routes and policy from the DNS.",
  "greylist": "Puts strangers off until they try again.",
  "rate-limit": "Puts off who sends too much in a time.",
  "announce": "Adds keywords to the reply to EHLO.",
  "discard-all": "Accepts everything and throws it away.",
  "impatient": "Ends sessions that collect too many refusals.",
  "local-hosts": "Refuses recipients outside of these domains.",
  "no-route-addr": "Refuses addresses with a route in their local part.",
  "rewrite-text": "Replaces words in the text of messages.",
  "trace": "Logs what the handlers inside it do.",
  "when": "Asks handlers only while a condition holds.",
  "first-match": "Asks the handlers of the first condition that holds.",
  "relay-to": "Sends mail on for domains, or for clients that may send to everybody.",
  "reply": "Answers events, always the same.",
  "reject": "Refuses for good what it is asked.",
  "defer": "Puts off what it is asked.",
  "greeting": "Says something else in the greeting.",
  "helo": "Says something else in the reply to HELO and EHLO.",
  "bye": "Ends the session at an event.",
  "fallback": "Asks other handlers about recipients that nobody has.",
  "catch-all": "Sends mail for whom nobody knows to one address.",
  "subaddress": "Cuts extensions off addresses that nobody has with them.",
  "explode": "Makes many recipients of one: lists of addresses.",
  "passwd": "Accepts the users of the system.",
  "virtual-users": "Accepts the recipients of a file.",
  "add-header": "Puts a field on top of each message.",
  "remove-header": "Removes fields of the header.",
  "rename-header": "Gives fields of the header other names.",
  "max-received": "Refuses messages that have gone through too many servers.",
  "archive": "Sends a copy of each message to an address.",
  "helo-policy": "Refuses clients that call themselves what they cannot be.",
  "require-fqdn": "Refuses addresses whose domain is no full name.",
  "tarpit": "Holds back what a client is refused for good, longer each time.",
  "rewrite-sender": "Replaces the addresses of senders.",
  "rewrite-recipient": "Replaces the addresses of recipients.",
};
