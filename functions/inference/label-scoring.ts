import type { Sequence } from "../../shared/ports/inference-engine.ts";
import type { Turns } from "./generate.ts";
import type { LabelTrie, TrieNode } from "./label-trie.ts";
import { logSumExp } from "./log-probabilities.ts";
import type { Session } from "./session.ts";

/** Ways to open and free sequences, as a session has them. */
export type Sequences = Pick<Session, "fork" | "free">;

/** A label's score: its tokens' log-probabilities summed, in nats, and the softmax of those sums over all labels. */
export interface LabelScore {
  readonly logprob: number;
  readonly probability: number;
}

/**
 * Scores every label behind one input. The logits at the input's end give the first token of each label; only labels of
 * several tokens need the model again, once for each inner node of the trie (a run of nodes without a branch counts as one),
 * on forks of the sequence. The end token is not counted, unless one label's tokens begin another's: then it is, for all.
 *
 * This is what the trainer's evaluation computes: argmax over labels of the sum over the label's tokens of
 * log p(token | soft prompt, input, tokens before).
 *
 * @param sequence the input is in its cache; it is left as it was
 * @param logits `[vocabulary]` at the end of the input; read before anything is appended
 * @param endToken the first of the model's end tokens, which completions are trained to end with
 * @returns one score per label, in the order the trie was built from
 */
export async function scoreLabels(
  turns: Pick<Turns, "take">,
  sequences: Sequences,
  sequence: Sequence,
  logits: Float32Array,
  trie: LabelTrie,
  labelCount: number,
  endToken: number,
): Promise<LabelScore[]> {
  const sums = new Array<number>(labelCount).fill(0);

  /** Adds what follows a node's tokens: `sum` is the score of the path so far, `row` the logits at its end. */
  const settle = (
    nodes: readonly TrieNode[],
    ends: readonly number[],
    row: Float32Array,
    sum: number,
  ): [TrieNode, number][] => {
    const total = logSumExp(row);
    const score = (token: number) => sum + (row[token] as number) - total;
    if (trie.needsEnd) for (const label of ends) sums[label] = score(endToken);
    const inner: [TrieNode, number][] = [];
    for (const node of nodes) {
      if (node.children.length > 0 || trie.needsEnd) inner.push([node, score(node.token)]);
      else for (const label of node.ends) sums[label] = score(node.token);
    }
    return inner;
  };
  const descend = async (from: Sequence, inner: readonly [TrieNode, number][]): Promise<void> => {
    for (const [node, sum] of inner) {
      const chain = chainFrom(node, trie.needsEnd);
      const branch = sequences.fork(from);
      const deeper = await turns.take(async () => {
        const rows = await branch.append(
          chain.map(({ token }) => token),
          [...chain.keys()],
        );
        return readChain(chain, rows, sum, settle);
      });
      await descend(branch, deeper);
      sequences.free(branch);
    }
  };
  await descend(sequence, settle(trie.roots, [], logits, 0));
  return withProbabilities(sums);
}

/** The node and those behind it as long as there is only one way on, which the model can read in one go. */
function chainFrom(node: TrieNode, needsEnd: boolean): TrieNode[] {
  const chain = [node];
  for (let last = node; ;) {
    const [only] = last.children;
    const isInner = only !== undefined && (only.children.length > 0 || needsEnd);
    if (last.children.length !== 1 || !isInner) return chain;
    chain.push(only);
    last = only;
  }
}

type Settle = (
  nodes: readonly TrieNode[],
  ends: readonly number[],
  row: Float32Array,
  sum: number,
) => [TrieNode, number][];

/** Scores along a chain whose logits are `[chain, vocabulary]`; gives the inner nodes behind its last. */
function readChain(
  chain: readonly TrieNode[],
  rows: Float32Array,
  sum: number,
  settle: Settle,
): [TrieNode, number][] {
  const vocabulary = rows.length / chain.length;
  let inner: [TrieNode, number][] = [];
  let along = sum;
  chain.forEach((node, i) => {
    const row = rows.subarray(i * vocabulary, (i + 1) * vocabulary);
    inner = settle(node.children, node.ends, row, along);
    // Inside a chain the one child is the next node, and it is inner.
    along = inner[0]?.[1] ?? along;
  });
  return inner;
}

function withProbabilities(sums: readonly number[]): LabelScore[] {
  const max = Math.max(...sums);
  const weights = sums.map((sum) => Math.exp(sum - max));
  const total = weights.reduce((all, weight) => all + weight, 0);
  return sums.map((logprob, i) => ({ logprob, probability: (weights[i] as number) / total }));
}
