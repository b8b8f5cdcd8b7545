-- The soft prompt of an earlier step of the run that ended with this one. It is called like any other, and listed by its job.
ALTER TABLE prompts ADD COLUMN checkpoint_of TEXT REFERENCES prompts (id);
CREATE INDEX prompts_by_run ON prompts (checkpoint_of) WHERE checkpoint_of IS NOT NULL;
