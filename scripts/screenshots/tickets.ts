/** Short support tickets in the words of a small shop, labelled by who answers them. The same ones every time. */
const SENTENCES: Readonly<Record<string, readonly string[]>> = {
  billing: [
    "I was charged twice for {item}",
    "Please send me the invoice for {item}",
    "The discount on {item} is missing from my bill",
    "My card was refused when I paid for {item}",
    "When do I get my money back for {item}?",
  ],
  shipping: [
    "Where is {item}? It should have come on {day}",
    "The parcel with {item} arrived damaged",
    "Can {item} be delivered on {day} instead?",
    "The tracking of {item} has not moved since {day}",
    "You sent {item} to my old address",
  ],
  account: [
    "I cannot log in since {day}",
    "Please change the email address of my account",
    "The password reset link from {day} has expired",
    "How do I delete my profile? I asked on {day}",
    "I was locked out of my account on {day}",
  ],
};
const ITEMS = [
  "the red lamp",
  "my desk",
  "two chairs",
  "the kettle",
  "a blue rug",
  "the mirror",
  "my order",
  "the shelf",
];
const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"];

export interface Ticket {
  readonly text: string;
  readonly label: string;
}

/** The first `count` tickets, the labels in turn. */
export function tickets(count: number): Ticket[] {
  const labels = Object.keys(SENTENCES);
  return Array.from({ length: count }, (_, i) => {
    const label = labels[i % labels.length] as string;
    const turn = Math.floor(i / labels.length);
    const sentences = SENTENCES[label] as readonly string[];
    const sentence = sentences[turn % sentences.length] as string;
    const item = ITEMS[(turn * 3) % ITEMS.length] as string;
    const day = DAYS[(turn * 2) % DAYS.length] as string;
    return { text: sentence.replace("{item}", item).replace("{day}", day), label };
  });
}
