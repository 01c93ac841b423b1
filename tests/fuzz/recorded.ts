/**
 * Sessions of real clients.
 * @module
 */

/** A session, as its client has sent it: a step each, one character an octet. */
export type Transcript = readonly string[];

/** Sessions as they were recorded. */
export const RECORDED: readonly Transcript[] = [
  [ // Postfix
    "EHLO mail.example.org\r\n",
    "MAIL FROM:<ann@example.org> SIZE=332 BODY=8BITMIME\r\nRCPT TO:<joe@example.net>\r\nDATA\r\n",
    "Received: by mail.example.org (Postfix, from userid 1000)\r\n\tid 4XyZ; Sat, 28 Nov 2026 " +
    "12:00:00 +0000 (UTC)\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nFrom: ann@example.org\r\n\r\n" +
    "Gr\xc3\xbc\xc3\x9fe\r\n..\r\n.. two dots\r\n\r\n.\r\nQUIT\r\n",
  ],
  [ // Exim
    "EHLO exim.example.org\r\n",
    "MAIL FROM:<ann@example.org> SIZE=1365\r\nRCPT TO:<joe@example.net>\r\n" +
    "RCPT TO:<nobody@example.net>\r\nRCPT TO:<ann@example.net>\r\nDATA\r\n",
    "Message-Id: <E1@exim>\r\n\r\nhello\r\n.\r\n",
    "MAIL FROM:<> SIZE=1200\r\nRCPT TO:<fails@example.net>\r\nDATA\r\n",
    "Subject: a bounce\r\n\r\n.\r\n",
    "QUIT\r\n",
  ],
  [ // qmail
    "HELO qmail.example.org\r\n",
    "MAIL FROM:<ann@example.org>\r\n",
    "RCPT TO:<joe@example.net>\r\n",
    "DATA\r\n",
    "Received: (qmail 1 invoked by uid 1000); 28 Nov 2026 12:00:00 -0000\r\n\r\nhello\r\n.\r\n",
    "QUIT\r\n",
  ],
  [ // swaks
    "EHLO pc.example.org\r\n",
    "MAIL FROM:<you@pc.example.org>\r\n",
    "RCPT TO:<joe@example.net>\r\n",
    "DATA\r\n",
    "Date: Sat, 28 Nov 2026 12:00:00 +0000\r\nTo: joe@example.net\r\nSubject: test\r\n" +
    "X-Mailer: swaks v20240103.0 jetmore.org/john/code/swaks/\r\n\r\nThis is a test mailing\r\n" +
    "\r\n\r\n.\r\n",
    "QUIT\r\n",
  ],
  [ // Python's smtplib
    "ehlo [127.0.1.1]\r\n",
    "AUTH PLAIN AGpvZQBzZXNhbWU=\r\n",
    "mail FROM:<ann@example.org> size=31\r\n",
    "rcpt TO:<joe@example.net>\r\n",
    "data\r\n",
    "Subject: hello\r\n\r\nby python\r\n.\r\n",
    "quit\r\n",
  ],
  [ // Thunderbird
    "EHLO [192.168.1.2]\r\n",
    "STARTTLS\r\n",
    "EHLO [192.168.1.2]\r\n",
    "AUTH LOGIN\r\n",
    "YW5u\r\n",
    "cGVuY2ls\r\n",
    "MAIL FROM:<ann@example.net> BODY=8BITMIME SIZE=390\r\n",
    "RCPT TO:<joe@example.net>\r\n",
    "DATA\r\n",
    "Message-ID: <1@example.net>\r\nMIME-Version: 1.0\r\n" +
    "Content-Type: text/plain; charset=UTF-8; format=flowed\r\n\r\nhello\r\n-- \r\nann\r\n.\r\n",
    "QUIT\r\n",
  ],
  [ // Postfix, in front of a filter
    "EHLO mail.example.org\r\n",
    "XFORWARD NAME=spike ADDR=192.0.2.9 PORT=4711 PROTO=ESMTP HELO=spike IDENT=4XyZ SOURCE=REMOTE\r\n",
    "XCLIENT NAME=spike ADDR=192.0.2.9 PORT=4711 PROTO=ESMTP HELO=spike LOGIN=[UNAVAILABLE]\r\n",
    "EHLO spike\r\n",
    "MAIL FROM:<ann@example.org> SIZE=332\r\nRCPT TO:<joe@example.net>\r\nDATA\r\n",
    "Subject: filtered\r\n\r\nhello\r\n.\r\nQUIT\r\n",
  ],
  [ // Postfix, by LMTP
    "LHLO mail.example.org\r\n",
    "MAIL FROM:<ann@example.org> SIZE=332 BODY=8BITMIME\r\nRCPT TO:<joe@example.net>\r\n" +
    "RCPT TO:<nobody@example.net>\r\nRCPT TO:<fails@example.net>\r\n" +
    "RCPT TO:<defers@example.net>\r\nDATA\r\n",
    "Subject: to a mailbox\r\n\r\nhello\r\n.\r\n",
    "QUIT\r\n",
  ],
  [ // Postfix, with addresses in UTF-8
    "EHLO mail.example.org\r\n",
    "MAIL FROM:<\xc3\xa4nn@b\xc3\xbccher.example> SIZE=332 BODY=8BITMIME SMTPUTF8\r\n" +
    "RCPT TO:<j\xc3\xbcrgen@example.net>\r\nDATA\r\n",
    "Subject: gr\xc3\xbc\xc3\x9fe\r\n\r\nhello\r\n.\r\n",
    "QUIT\r\n",
  ],
  [ // Exim, with chunks
    "EHLO exim.example.org\r\n",
    "MAIL FROM:<ann@example.org> SIZE=1040\r\nRCPT TO:<joe@example.net>\r\n" +
    "BDAT 28 LAST\r\nSubject: chunks\r\n\r\n.hello\r\n",
    "QUIT\r\n",
  ],
  [ // Exchange, with chunks
    "EHLO exchange.example.org\r\n",
    "MAIL FROM:<ann@example.org> SIZE=2048 BODY=BINARYMIME\r\n",
    "RCPT TO:<joe@example.net>\r\n",
    "BDAT 17\r\nSubject: x\r\n\r\nabc",
    "BDAT 6\r\n\0\r.\n\xff\r",
    "BDAT 0 LAST\r\n",
    "QUIT\r\n",
  ],
  [ // a browser
    "POST / HTTP/1.1\r\nHost: mx.example.net:25\r\nContent-Type: text/plain\r\n\r\n",
    "EHLO a\r\nMAIL FROM:<ann@example.org>\r\n",
  ],
];
