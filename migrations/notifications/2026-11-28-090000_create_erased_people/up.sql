-- Who asked to be forgotten. What was already on its way about them when that was heard is not sent, whenever it arrives and
-- whoever still knew their address. The id is a pseudonym: nothing here says whose it was.
CREATE TABLE erased_people (
    user_id uuid PRIMARY KEY,
    erased_at timestamptz NOT NULL
);
