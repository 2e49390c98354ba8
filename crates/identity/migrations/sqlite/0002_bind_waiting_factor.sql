-- The session that a seed was shown in: only there it may be confirmed. Empty where it was made at the host.
ALTER TABLE totp_factor ADD COLUMN session_id BLOB;
