-- An experiment is one comparison under a name. A name may have had several: the newest one answers for it.
CREATE TABLE experiments (
  id TEXT PRIMARY KEY,
  organization TEXT NOT NULL,
  name TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('draft', 'running', 'paused', 'stopped', 'promoted', 'rolled_back')),
  definition_json TEXT NOT NULL,
  -- Makes its assignment independent of all others.
  salt TEXT NOT NULL,
  -- Index of the variant that everybody gets while units are not assigned.
  serving INTEGER NOT NULL DEFAULT 0,
  -- Counts changes of the allocation; 0 has never assigned a unit.
  phase INTEGER NOT NULL DEFAULT 0,
  allocation_json TEXT NOT NULL,
  -- Step of a canary; -1 for other policies.
  step INTEGER NOT NULL DEFAULT -1,
  verdict TEXT,
  -- Grows with every change: two writers cannot both have acted on the same state.
  version INTEGER NOT NULL DEFAULT 1,
  -- The tuning job whose soft prompt entered by itself.
  job_id TEXT REFERENCES jobs (id),
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER
);
CREATE UNIQUE INDEX experiments_live ON experiments (organization, name) WHERE status IN ('draft', 'running', 'paused');
CREATE INDEX experiments_by_name ON experiments (organization, name, id);
CREATE INDEX experiments_by_status ON experiments (status);

CREATE TABLE experiment_variants (
  experiment_id TEXT NOT NULL REFERENCES experiments (id),
  variant INTEGER NOT NULL,
  key TEXT NOT NULL,
  model TEXT NOT NULL,
  PRIMARY KEY (experiment_id, variant)
) WITHOUT ROWID;
CREATE INDEX experiment_variants_by_model ON experiment_variants (model);

CREATE TABLE experiment_metrics (
  experiment_id TEXT NOT NULL REFERENCES experiments (id),
  metric TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('binary', 'continuous', 'count')),
  per_unit TEXT NOT NULL CHECK (per_unit IN ('any', 'mean', 'sum')),
  -- 1: a unit without an outcome counts as 0.
  zero INTEGER NOT NULL,
  PRIMARY KEY (experiment_id, metric)
) WITHOUT ROWID;

-- The shares of the variants in each phase: what the sample ratio is tested against.
CREATE TABLE experiment_phases (
  experiment_id TEXT NOT NULL REFERENCES experiments (id),
  phase INTEGER NOT NULL,
  shares_json TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  PRIMARY KEY (experiment_id, phase)
) WITHOUT ROWID;

-- Who changed what, and why; nothing is ever removed.
CREATE TABLE experiment_history (
  id TEXT PRIMARY KEY,
  experiment_id TEXT NOT NULL REFERENCES experiments (id),
  -- A key's id, or "policy" or "job".
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  detail_json TEXT NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE INDEX experiment_history_by_experiment ON experiment_history (experiment_id, id);

-- Tuned models that asked to enter an experiment, and what became of it.
CREATE TABLE experiment_entries (
  job_id TEXT PRIMARY KEY REFERENCES jobs (id),
  organization TEXT NOT NULL,
  name TEXT NOT NULL,
  model TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('waiting', 'entered', 'refused')),
  reason TEXT NOT NULL,
  experiment_id TEXT REFERENCES experiments (id),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE INDEX experiment_entries_by_model ON experiment_entries (model);
CREATE INDEX experiment_entries_by_status ON experiment_entries (status);

-- Requests that met a variant, to find them by request id. Kept for as long as outcomes are taken.
CREATE TABLE exposures (
  id TEXT PRIMARY KEY,
  organization TEXT NOT NULL,
  experiment_id TEXT NOT NULL,
  unit TEXT NOT NULL,
  at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX exposures_by_time ON exposures (at);

-- A unit belongs to the phase and variant of its first exposure, whatever it gets later (intention to treat): that is
-- what was randomised.
CREATE TABLE experiment_units (
  experiment_id TEXT NOT NULL,
  unit TEXT NOT NULL,
  phase INTEGER NOT NULL,
  variant INTEGER NOT NULL,
  at INTEGER NOT NULL,
  day TEXT NOT NULL,
  PRIMARY KEY (experiment_id, unit)
) WITHOUT ROWID;

-- What a unit's outcomes come to. `value` is NULL while only the value before the experiment (x) is known.
CREATE TABLE unit_metrics (
  experiment_id TEXT NOT NULL,
  unit TEXT NOT NULL,
  metric TEXT NOT NULL,
  per_unit TEXT NOT NULL,
  zero INTEGER NOT NULL,
  outcomes INTEGER NOT NULL,
  total REAL NOT NULL,
  largest REAL NOT NULL,
  value REAL,
  x REAL,
  PRIMARY KEY (experiment_id, unit, metric)
) WITHOUT ROWID;

-- Sums over the units of a phase, variant and day (of first exposure): all that statistics read. The metric '' counts
-- units. Kept equal to the units' rows by the triggers below, whatever statement changes those and in whatever order.
CREATE TABLE experiment_aggregates (
  experiment_id TEXT NOT NULL,
  phase INTEGER NOT NULL,
  variant INTEGER NOT NULL,
  metric TEXT NOT NULL,
  day TEXT NOT NULL,
  units INTEGER NOT NULL,
  total REAL NOT NULL,
  squares REAL NOT NULL,
  x_units INTEGER NOT NULL,
  x REAL NOT NULL,
  xx REAL NOT NULL,
  xy REAL NOT NULL,
  x_total REAL NOT NULL,
  PRIMARY KEY (experiment_id, phase, variant, metric, day)
) WITHOUT ROWID;

-- What one row of unit_metrics adds to the sums of the cell that its unit belongs to.
CREATE VIEW unit_contributions AS
SELECT m.experiment_id, m.unit, u.phase, u.variant, m.metric, u.day,
  CASE WHEN m.value IS NULL THEN 0 ELSE 1 END AS units,
  COALESCE(m.value, 0) AS total,
  COALESCE(m.value * m.value, 0) AS squares,
  CASE WHEN m.x IS NULL OR (m.value IS NULL AND m.zero = 0) THEN 0 ELSE 1 END AS x_units,
  CASE WHEN m.x IS NULL OR (m.value IS NULL AND m.zero = 0) THEN 0 ELSE m.x END AS x,
  CASE WHEN m.x IS NULL OR (m.value IS NULL AND m.zero = 0) THEN 0 ELSE m.x * m.x END AS xx,
  COALESCE(m.x * m.value, 0) AS xy,
  CASE WHEN m.x IS NULL THEN 0 ELSE COALESCE(m.value, 0) END AS x_total
FROM unit_metrics m JOIN experiment_units u ON u.experiment_id = m.experiment_id AND u.unit = m.unit;

CREATE TRIGGER unit_metrics_inserted AFTER INSERT ON unit_metrics
BEGIN
  INSERT INTO experiment_aggregates
  SELECT experiment_id, phase, variant, metric, day, units, total, squares, x_units, x, xx, xy, x_total
  FROM unit_contributions
  WHERE experiment_id = NEW.experiment_id AND unit = NEW.unit AND metric = NEW.metric
  ON CONFLICT DO UPDATE SET units = units + excluded.units, total = total + excluded.total,
    squares = squares + excluded.squares, x_units = x_units + excluded.x_units, x = x + excluded.x,
    xx = xx + excluded.xx, xy = xy + excluded.xy, x_total = x_total + excluded.x_total;
END;

CREATE TRIGGER unit_metrics_changing BEFORE UPDATE ON unit_metrics
BEGIN
  INSERT INTO experiment_aggregates
  SELECT experiment_id, phase, variant, metric, day, units, total, squares, x_units, x, xx, xy, x_total
  FROM unit_contributions
  WHERE experiment_id = OLD.experiment_id AND unit = OLD.unit AND metric = OLD.metric
  ON CONFLICT DO UPDATE SET units = units - excluded.units, total = total - excluded.total,
    squares = squares - excluded.squares, x_units = x_units - excluded.x_units, x = x - excluded.x,
    xx = xx - excluded.xx, xy = xy - excluded.xy, x_total = x_total - excluded.x_total;
END;

CREATE TRIGGER unit_metrics_changed AFTER UPDATE ON unit_metrics
BEGIN
  INSERT INTO experiment_aggregates
  SELECT experiment_id, phase, variant, metric, day, units, total, squares, x_units, x, xx, xy, x_total
  FROM unit_contributions
  WHERE experiment_id = NEW.experiment_id AND unit = NEW.unit AND metric = NEW.metric
  ON CONFLICT DO UPDATE SET units = units + excluded.units, total = total + excluded.total,
    squares = squares + excluded.squares, x_units = x_units + excluded.x_units, x = x + excluded.x,
    xx = xx + excluded.xx, xy = xy + excluded.xy, x_total = x_total + excluded.x_total;
END;

CREATE TRIGGER experiment_units_inserted AFTER INSERT ON experiment_units
BEGIN
  INSERT INTO experiment_aggregates
  VALUES (NEW.experiment_id, NEW.phase, NEW.variant, '', NEW.day, 1, 0, 0, 0, 0, 0, 0, 0)
  ON CONFLICT DO UPDATE SET units = units + 1;
END;

-- An earlier exposure of a unit was heard of later: the unit takes its sums with it to where it belongs.
CREATE TRIGGER experiment_units_changing BEFORE UPDATE ON experiment_units
WHEN OLD.phase <> NEW.phase OR OLD.variant <> NEW.variant OR OLD.day <> NEW.day
BEGIN
  INSERT INTO experiment_aggregates
  SELECT experiment_id, phase, variant, metric, day, units, total, squares, x_units, x, xx, xy, x_total
  FROM unit_contributions
  WHERE experiment_id = OLD.experiment_id AND unit = OLD.unit
  ON CONFLICT DO UPDATE SET units = units - excluded.units, total = total - excluded.total,
    squares = squares - excluded.squares, x_units = x_units - excluded.x_units, x = x - excluded.x,
    xx = xx - excluded.xx, xy = xy - excluded.xy, x_total = x_total - excluded.x_total;
  UPDATE experiment_aggregates SET units = units - 1
  WHERE experiment_id = OLD.experiment_id AND phase = OLD.phase AND variant = OLD.variant AND metric = '' AND day = OLD.day;
END;

CREATE TRIGGER experiment_units_changed AFTER UPDATE ON experiment_units
WHEN OLD.phase <> NEW.phase OR OLD.variant <> NEW.variant OR OLD.day <> NEW.day
BEGIN
  INSERT INTO experiment_aggregates
  VALUES (NEW.experiment_id, NEW.phase, NEW.variant, '', NEW.day, 1, 0, 0, 0, 0, 0, 0, 0)
  ON CONFLICT DO UPDATE SET units = units + 1;
  INSERT INTO experiment_aggregates
  SELECT experiment_id, phase, variant, metric, day, units, total, squares, x_units, x, xx, xy, x_total
  FROM unit_contributions
  WHERE experiment_id = NEW.experiment_id AND unit = NEW.unit
  ON CONFLICT DO UPDATE SET units = units + excluded.units, total = total + excluded.total,
    squares = squares + excluded.squares, x_units = x_units + excluded.x_units, x = x + excluded.x,
    xx = xx + excluded.xx, xy = xy + excluded.xy, x_total = x_total + excluded.x_total;
END;

-- Keys of outcomes that were counted: the same key is never counted again. Kept for as long as outcomes are taken.
CREATE TABLE counted_outcomes (
  organization TEXT NOT NULL,
  key TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (organization, key)
) WITHOUT ROWID;
CREATE INDEX counted_outcomes_by_time ON counted_outcomes (at);

-- Outcomes whose exposure has not been heard of yet. Exactly one of request_id and unit is set.
CREATE TABLE pending_outcomes (
  organization TEXT NOT NULL,
  key TEXT NOT NULL,
  batch TEXT NOT NULL,
  request_id TEXT,
  experiment_id TEXT,
  unit TEXT,
  metric TEXT NOT NULL,
  value REAL NOT NULL,
  at INTEGER NOT NULL,
  covariate INTEGER NOT NULL,
  PRIMARY KEY (organization, key)
) WITHOUT ROWID;
CREATE INDEX pending_outcomes_by_request ON pending_outcomes (request_id);
CREATE INDEX pending_outcomes_by_unit ON pending_outcomes (experiment_id, unit);
CREATE INDEX pending_outcomes_by_batch ON pending_outcomes (batch);
CREATE INDEX pending_outcomes_by_time ON pending_outcomes (at);

-- One delivery at work; empty between transactions.
CREATE TABLE ingest_inbox (
  batch TEXT NOT NULL,
  organization TEXT NOT NULL,
  key TEXT NOT NULL,
  metric TEXT NOT NULL,
  -- exposure, outcome, or pending: an outcome that was waiting for its exposure.
  kind TEXT NOT NULL,
  experiment_id TEXT NOT NULL,
  unit TEXT NOT NULL,
  -- NULL where the exposure is known from elsewhere.
  phase INTEGER,
  variant INTEGER,
  exposed_at INTEGER,
  value REAL,
  at INTEGER NOT NULL,
  covariate INTEGER NOT NULL,
  PRIMARY KEY (batch, organization, key, metric)
) WITHOUT ROWID;
