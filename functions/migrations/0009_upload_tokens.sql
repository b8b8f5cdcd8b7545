-- 0: registering the dataset makes no job.
ALTER TABLE upload_tokens ADD COLUMN tune INTEGER NOT NULL DEFAULT 1;
