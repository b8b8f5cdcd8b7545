-- NULL means the deployment's usual limit.
ALTER TABLE keys ADD COLUMN requests_per_minute INTEGER;
-- A rotated key goes on for a while, so that its users can change over.
ALTER TABLE keys ADD COLUMN expires_at INTEGER;
