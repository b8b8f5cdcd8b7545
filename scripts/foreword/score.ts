export interface Prediction {
  readonly wanted: string;
  readonly found: string;
}

export interface LabelScore {
  readonly label: string;
  readonly rows: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

export interface Score {
  readonly rows: number;
  readonly accuracy: number;
  /** Mean over all labels, wanted or found, of their F1. */
  readonly macro_f1: number;
  readonly labels: readonly LabelScore[];
}

/** How good predictions are. A label that was never found, or never wanted, counts with an F1 of 0. */
export function scorePredictions(predictions: readonly Prediction[]): Score {
  const names = [...new Set(predictions.flatMap(({ wanted, found }) => [wanted, found]))].toSorted();
  const labels = names.map((label) => scoreLabel(label, predictions));
  const right = predictions.filter(({ wanted, found }) => wanted === found).length;
  return {
    rows: predictions.length,
    accuracy: ratio(right, predictions.length),
    macro_f1: ratio(
      labels.reduce((sum, { f1 }) => sum + f1, 0),
      labels.length,
    ),
    labels,
  };
}

function scoreLabel(label: string, predictions: readonly Prediction[]): LabelScore {
  const rows = predictions.filter(({ wanted }) => wanted === label).length;
  const named = predictions.filter(({ found }) => found === label).length;
  const both = predictions.filter(({ wanted, found }) => wanted === label && found === label).length;
  return {
    label,
    rows,
    precision: ratio(both, named),
    recall: ratio(both, rows),
    f1: ratio(2 * both, rows + named),
  };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
