import type { Optimizer, Placement, TuneSettings, TuningMethod } from "../shared/contracts/job.ts";

/** Settings with every choice made. */
export interface ChosenSettings {
  readonly method: TuningMethod;
  /** One of the contract's initialisations, or `prompt:<id>`. */
  readonly init: string;
  readonly placement: Placement;
  readonly virtualTokens: number;
  readonly learningRate: number;
  /** Whether a short run may find a better learning rate. */
  readonly pilot: boolean;
  readonly batchSize: number;
  readonly accumulation: number;
  readonly epochs: number;
  readonly seed: number;
  readonly optimizer: Optimizer;
  /** Pull towards the start, as a share of the learning rate. */
  readonly weightDecay: number;
  /** Share of the loss that compares labels with each other; label tasks only. */
  readonly candidateShare: number;
  readonly smoothing: number;
  /** Weight of the inputs' own tokens in the loss, beside the answers' (the auxiliary objective of GPT, section 3.2); tasks of more than two labels only. */
  readonly inputWeight: number;
  /** Share of input tokens replaced by others while training. */
  readonly tokenDropout: number;
  /** Decay of the running mean of parameters. */
  readonly averaging: number;
  /** Rows cut from the training file to stop by, at most, where none are given; 0 takes the last step. */
  readonly validationRows: number;
  /** Validations without a better one until tuning ends. */
  readonly patience: number;
  readonly reason: string;
}

/** What the choice depends on. */
export interface TaskFacts {
  readonly rows: number;
  /** Tokens of all rows, without those that all share. */
  readonly tokens: number;
  readonly labels: number | null;
  readonly hasFirstToken: boolean;
}

/** Measured on validation rows; see tuning/README.md. */
const DEFAULTS = {
  prompt_tuning: {
    init: "text",
    placement: "front",
    virtualTokens: 48,
    learningRate: 0.1,
    optimizer: "muon",
    candidateShare: 0.5,
  },
  p_tuning: {
    init: "text",
    placement: "front",
    virtualTokens: 20,
    learningRate: 0.03,
    optimizer: "adamw",
    candidateShare: 0.5,
  },
  // Scoring the other labels too takes twice the time, and a prefix comes as far without.
  prefix_tuning: {
    init: "text",
    placement: "front",
    virtualTokens: 48,
    learningRate: 0.06,
    optimizer: "adamw",
    candidateShare: 0,
  },
} as const;
/** For a prefix that tells more than two labels apart. Two are told no better with it, in fewer steps for the same time. */
const PREFIX_OF_SEVERAL_LABELS = { learningRate: 0.04, inputWeight: 0.3, examplesSeen: 13_000 } as const;
/** Where there are no labels to name: whole rows show more than an instruction would say, to those that have the room (0.421 nats a token for 0.424, one task and seed). */
const FREE_TEXT_INIT = {
  prompt_tuning: "sample_vocab",
  p_tuning: "sample_vocab",
  prefix_tuning: "examples",
} as const;
const BATCH_SIZE = 16;
/**
 * A small dataset is passed over more often: about this many examples are seen in all, or as many tokens where they are
 * long (on two quiet cores MiniMind2-Small trains on 1,000 to 2,000 tokens a second). Telling two labels apart takes fewer.
 */
const USUAL = { inputWeight: 0, examplesSeen: 10_000 } as const;
const TOKENS_SEEN_PER_LABEL = 120_000;
const MAX_TOKENS_SEEN = 300_000;
const MAX_EPOCHS = 20;
/** Every row is seen once, unless that takes more than this many tokens: half an hour on two cores, and more than a prompt has numbers to learn. */
const TOKENS_SEEN_OF_MANY_ROWS = 2_000_000;
/** Rows to stop by: enough to tell better from worse, few enough to cost little beside the training. */
const VALIDATION_ROWS = 200;
const VALIDATION_TOKENS = 12_000;

/** A prefix; vectors where two labels are told apart: on sms_spam half a point better, and a point of macro-F1. */
function mostAccurate({ labels }: TaskFacts): TuningMethod {
  return labels !== null && labels <= 2 ? "prompt_tuning" : "prefix_tuning";
}

/** Fills in what the user left to us. */
export function chooseSettings(settings: TuneSettings, facts: TaskFacts): ChosenSettings {
  const method = settings.method === "auto" ? mostAccurate(facts) : settings.method;
  const tellsSeveralApart = method === "prefix_tuning" && (facts.labels ?? 0) > 2;
  const defaults = { ...USUAL, ...DEFAULTS[method], ...(tellsSeveralApart ? PREFIX_OF_SEVERAL_LABELS : {}) };
  const pick = (given: "auto" | number, chosen: number) => (given === "auto" ? chosen : given);
  const given = settings.init === "auto" ? undefined : settings.init;
  const usual = facts.labels === null ? FREE_TEXT_INIT[method] : defaults.init;
  const init = given ?? (settings.initial_text === undefined ? usual : "text");
  const placement = settings.placement === "auto" ? undefined : settings.placement;
  const wantedPlacement = placement ?? defaults.placement;
  const tokensSeen = Math.min(MAX_TOKENS_SEEN, TOKENS_SEEN_PER_LABEL * (facts.labels ?? Infinity));
  const passes = Math.min(defaults.examplesSeen / facts.rows, tokensSeen / facts.tokens);
  const fewest = Math.min(1, TOKENS_SEEN_OF_MANY_ROWS / facts.tokens);
  const epochs = pick(settings.epochs, Math.min(MAX_EPOCHS, Math.max(fewest, passes)));
  const validationRows = Math.min(VALIDATION_ROWS, (VALIDATION_TOKENS * facts.rows) / facts.tokens);
  const kind = facts.labels === null ? "free text" : `${facts.labels} labels`;
  const why = settings.method === "auto" ? "chosen as the most accurate for" : "as given, for";
  return {
    method,
    init,
    placement: facts.hasFirstToken ? wantedPlacement : "front",
    virtualTokens: pick(settings.virtual_tokens, defaults.virtualTokens),
    learningRate: pick(settings.learning_rate, defaults.learningRate),
    pilot: settings.learning_rate === "auto" && settings.method === "auto",
    batchSize: Math.min(facts.rows, pick(settings.batch_size, BATCH_SIZE)),
    accumulation: settings.gradient_accumulation ?? 1,
    epochs,
    seed: settings.seed,
    optimizer: settings.optimizer ?? defaults.optimizer,
    weightDecay: settings.weight_decay ?? 0,
    candidateShare: facts.labels === null ? 0 : defaults.candidateShare,
    smoothing: 0,
    inputWeight: defaults.inputWeight,
    tokenDropout: 0,
    averaging: 0.98,
    validationRows: settings.early_stopping === false ? 0 : Math.round(validationRows),
    patience: 3,
    reason:
      `${method} ${why} ${facts.rows} rows of ${kind}; ` +
      `${Number(epochs.toPrecision(2))} passes see about ${Math.round(epochs * facts.tokens)} tokens`,
  };
}
