-- People see what waits for them, newest first, and say what became of it.

ALTER TABLE attention_items
    -- What the person who closed it has to say.
    ADD COLUMN note text,
    ADD COLUMN closed_by uuid,
    ADD CONSTRAINT attention_items_note_length CHECK (length(note) BETWEEN 1 AND 500),
    ADD CONSTRAINT attention_items_closer_says_why CHECK ((note IS NULL) = (closed_by IS NULL)),
    ADD CONSTRAINT attention_items_only_closed_by_somebody CHECK (closed_by IS NULL OR closed_at IS NOT NULL);

CREATE INDEX attention_items_newest ON attention_items (opened_at DESC, id DESC);
CREATE INDEX attention_items_newest_of_kind ON attention_items (kind, opened_at DESC, id DESC);
CREATE INDEX attention_items_newest_open ON attention_items (opened_at DESC, id DESC) WHERE closed_at IS NULL;
