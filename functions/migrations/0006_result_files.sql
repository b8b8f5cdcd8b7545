CREATE INDEX jobs_succeeded ON jobs (organization, id) WHERE status = 'succeeded';
