import { describe, expect, it } from "vitest";
import { cleanEmail, stripHtml, withoutPersonalData } from "../../scripts/example/clean-text.ts";
import { readEmail } from "../../scripts/example/read-email.ts";
import { splitEvenly, withoutNearDuplicates } from "../../scripts/example/select-rows.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");

describe("readEmail", () => {
  it("reads a plain email behind an mbox line and decodes its subject", () => {
    const email = readEmail(
      bytes("From a@b  Mon\nSubject: =?utf-8?B?Q2Fmw6k=?=\n =?iso-8859-1?Q?_cr=E8me?=\n\nHello\n"),
    );
    expect(email).toEqual({ subject: "Café crème", body: "Hello\n", html: false });
  });

  it("prefers plain text among nested parts and decodes quoted-printable by charset", () => {
    const email = readEmail(
      bytes(
        [
          "Subject: x",
          'Content-Type: multipart/mixed; boundary="out"',
          "",
          "preamble",
          "--out",
          "Content-Type: multipart/alternative; boundary=in",
          "",
          "--in",
          "Content-Type: text/html",
          "",
          "<p>no</p>",
          "--in",
          "Content-Type: text/plain; charset=iso-8859-15",
          "Content-Transfer-Encoding: quoted-printable",
          "",
          "price 5=A4, long=",
          " line",
          "--in--",
          "--out--",
        ].join("\r\n"),
      ),
    );
    expect(email?.body.trim()).toBe("price 5€, long line");
  });

  it("falls back to HTML in base64, and to windows-1252 for an unknown charset", () => {
    const body = Buffer.from("<b>caf\xe9</b>", "latin1").toString("base64");
    const head = 'Content-Type: text/html; charset="default_charset"\nContent-Transfer-Encoding: base64';
    expect(readEmail(bytes(`Subject: x\n${head}\n\n${body}`))).toEqual({
      subject: "x",
      body: "<b>café</b>",
      html: true,
    });
  });

  it("finds nothing in an email that is only an attachment", () => {
    expect(readEmail(bytes("Subject: x\nContent-Type: image/gif\n\nGIF89a"))).toBeNull();
  });
});

describe("cleanEmail", () => {
  it("keeps the sender's own words", () => {
    const body = "Sure.\n\nOn Monday, Jo Doe wrote:\n> old\n> older\nNew  line\n-- \nJo\n";
    expect(cleanEmail({ subject: " a\tb ", body, html: false })).toEqual({
      subject: "a b",
      body: "Sure. New line",
    });
  });

  it("strips tags, comments, styles and entities", () => {
    const html = "<style>p{}</style><p>F<!-- x -->ree &amp; <font color=red>e</font>asy&nbsp;&#36;5</p>";
    expect(stripHtml(html).trim().replace(/\s+/g, " ")).toBe("Free & easy $5");
  });

  it("hides addresses, telephone numbers and all of a URL but its host", () => {
    const text =
      "mail jo.doe@example.com or call 1-800-555-0199, see http://x.example.com/a?id=jo at 10.1.2.3";
    expect(withoutPersonalData(text)).toBe(
      "mail someone@example.com or call [phone], see http://x.example.com at 10.1.2.3",
    );
  });
});

describe("splitEvenly", () => {
  const words = ["red", "green", "blue", "cyan", "pink", "grey", "teal", "gold", "lime", "rose"];
  const candidates = words.flatMap((first, a) =>
    words.map((second, b) => ({
      id: `${a}${b}`,
      label: b % 2 === 0 ? "spam" : "ham",
      prompt: `Subject: ${first}\n${first} ${second} likes ${second} ${first} alone\nLabel:`,
    })),
  );

  it("gives the same even splits whatever the order of the candidates", () => {
    const split = splitEvenly(candidates, { train: 20, test: 10 }, 7);
    expect(splitEvenly(candidates.toReversed(), { train: 20, test: 10 }, 7)).toEqual(split);
    expect(split.train.filter((row) => row.label === "spam")).toHaveLength(10);
    expect(split.test.filter((row) => row.label === "spam")).toHaveLength(5);
    const ids = [...split.train, ...split.test].map((row) => row.id);
    expect(new Set(ids).size).toBe(30);
  });

  it("says which label has too few emails", () => {
    expect(() => splitEvenly(candidates, { train: 1000, test: 10 }, 7)).toThrow(
      /Label "ham" has \d+ distinct emails, wanted 505/,
    );
  });

  it("takes a reply with other digits and case for the same text", () => {
    const first = { prompt: "Subject: Win 100 dollars\nclick here now to win\nLabel:" };
    const second = { prompt: "Subject: Re: WIN 250 dollars!\nClick here now, to win\nLabel:" };
    expect(withoutNearDuplicates([first, second])).toEqual([first]);
  });
});
