/** One token of one or more labels; the path from the root spells their beginnings. */
export interface TrieNode {
  readonly token: number;
  readonly children: readonly TrieNode[];
  /** Labels that end here, by their index. */
  readonly ends: readonly number[];
}

export interface LabelTrie {
  readonly roots: readonly TrieNode[];
  /** A label's tokens begin another's, so only an end token can tell the two apart. */
  readonly needsEnd: boolean;
}

interface Growing {
  token: number;
  children: Map<number, Growing>;
  ends: number[];
}

/**
 * Lays labels' tokens out as a trie.
 *
 * @param labels each label's tokens, at least one each
 */
export function buildLabelTrie(labels: readonly (readonly number[])[]): LabelTrie {
  const roots = new Map<number, Growing>();
  labels.forEach((tokens, label) => {
    let children = roots;
    let node: Growing | undefined;
    for (const token of tokens) {
      node = children.get(token);
      if (!node) {
        node = { token, children: new Map(), ends: [] };
        children.set(token, node);
      }
      children = node.children;
    }
    node?.ends.push(label);
  });
  const freeze = (nodes: Map<number, Growing>): TrieNode[] =>
    [...nodes.values()].map((node) => ({
      token: node.token,
      children: freeze(node.children),
      ends: node.ends,
    }));
  const frozen = freeze(roots);
  return { roots: frozen, needsEnd: frozen.some(isAmbiguous) };
}

function isAmbiguous(node: TrieNode): boolean {
  return (
    node.ends.length > 1 ||
    (node.ends.length > 0 && node.children.length > 0) ||
    node.children.some(isAmbiguous)
  );
}
