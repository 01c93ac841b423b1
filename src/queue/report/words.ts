/**
 * What reports say to people, by language.
 * @module
 */
import type { About } from "./notice.ts";

/** A text with placeholders such as `{hostname}`. */
export interface Text {
  /** The subject of the report, in one line. */
  readonly subject: string;
  readonly text: string;
}

/** The words of a language. */
export interface Words {
  /** The locale of dates. */
  readonly language: string;
  /** The name of the sender of reports. */
  readonly sender: string;
  readonly texts: Readonly<Record<About, Text>>;
  /** What became of one recipient; `{reason}` is why. */
  readonly failed: string;
  readonly expired: string;
  readonly delayed: string;
  readonly delivered: string;
  readonly relayed: string;
  readonly expanded: string;
  /** How long the server tries; `{date}` is until when. */
  readonly until: string;
  readonly later: string;
  /** What is attached of the message. */
  readonly whole: string;
  readonly header: string;
}

const ENGLISH: Words = {
  language: "en-GB",
  sender: "Mail Delivery System",
  texts: {
    "bounce": {
      subject: "Your message could not be delivered",
      text: `This is the mail server {hostname}.

Your message of {date} could not be delivered to:

{recipients}

The subject of the message is: {subject}

Attached are the technical details and {attached}.
`,
    },
    "delay": {
      subject: "Your message has not been delivered yet",
      text: `This is the mail server {hostname}.

YOU NEED NOT SEND YOUR MESSAGE AGAIN. It could not be delivered yet to:

{recipients}

{until}

The message is of {date}, and its subject is: {subject}

Attached are the technical details and {attached}.
`,
    },
    "success": {
      subject: "Your message has been delivered",
      text: `This is the mail server {hostname}.

You wanted to know what became of your message of {date}:

{recipients}

The subject of the message is: {subject}

Attached are the technical details and {attached}.
`,
    },
    "double-bounce": {
      subject: "A message without a sender could not be delivered",
      text: `This is the mail server {hostname}.

A message with the null sender, such as a report to the sender of another message, could not be
delivered, so nobody but you is told of it:

{recipients}

The message is of {date}, and its subject is: {subject}

Attached are the technical details and {attached}.
`,
    },
  },
  failed: "{reason}",
  expired: "It could not be delivered in time: {reason}",
  delayed: "{reason}",
  delivered: "The message was delivered.",
  relayed: "The message was sent on to a server that may not tell what becomes of it.",
  expanded: "The message was sent on to several addresses.",
  until: "The server keeps trying until {date}.",
  later: "The server keeps trying.",
  whole: "the message itself",
  header: "the header of the message",
};

const GERMAN: Words = {
  language: "de",
  sender: "Mailserver",
  texts: {
    "bounce": {
      subject: "Ihre Nachricht konnte nicht zugestellt werden",
      text: `Dies ist der Mailserver {hostname}.

Ihre Nachricht vom {date} konnte nicht zugestellt werden an:

{recipients}

Der Betreff der Nachricht lautet: {subject}

Angehängt sind die technischen Einzelheiten und {attached}.
`,
    },
    "delay": {
      subject: "Ihre Nachricht konnte noch nicht zugestellt werden",
      text: `Dies ist der Mailserver {hostname}.

SIE BRAUCHEN IHRE NACHRICHT NICHT NOCH EINMAL ZU SENDEN. Sie konnte noch nicht zugestellt werden an:

{recipients}

{until}

Die Nachricht ist vom {date}, und ihr Betreff lautet: {subject}

Angehängt sind die technischen Einzelheiten und {attached}.
`,
    },
    "success": {
      subject: "Ihre Nachricht wurde zugestellt",
      text: `Dies ist der Mailserver {hostname}.

Sie wollten wissen, was aus Ihrer Nachricht vom {date} geworden ist:

{recipients}

Der Betreff der Nachricht lautet: {subject}

Angehängt sind die technischen Einzelheiten und {attached}.
`,
    },
    "double-bounce": {
      subject: "Eine Nachricht ohne Absender konnte nicht zugestellt werden",
      text: `Dies ist der Mailserver {hostname}.

Eine Nachricht mit leerem Absender, etwa ein Bericht an den Absender einer anderen Nachricht, konnte
nicht zugestellt werden. Außer Ihnen erfährt es niemand:

{recipients}

Die Nachricht ist vom {date}, und ihr Betreff lautet: {subject}

Angehängt sind die technischen Einzelheiten und {attached}.
`,
    },
  },
  failed: "{reason}",
  expired: "Sie konnte nicht rechtzeitig zugestellt werden: {reason}",
  delayed: "{reason}",
  delivered: "Die Nachricht wurde zugestellt.",
  relayed:
    "Die Nachricht wurde an einen Server weitergegeben, der vielleicht nicht mitteilt, was " +
    "aus ihr wird.",
  expanded: "Die Nachricht wurde an mehrere Adressen weitergegeben.",
  until: "Der Server versucht es weiter bis {date}.",
  later: "Der Server versucht es weiter.",
  whole: "die Nachricht selbst",
  header: "der Kopf der Nachricht",
};

/** The languages that are built in. */
export const LANGUAGES = { en: ENGLISH, de: GERMAN } as const;
