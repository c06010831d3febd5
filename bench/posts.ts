/** The data set *posts*: deterministic rows of ten columns, about 450 bytes each, below a parent table. */
export const postsSql = (rows: number): string => `
  CREATE TABLE author (id bigint PRIMARY KEY, name text NOT NULL);
  INSERT INTO author SELECT i, 'author ' || i FROM generate_series(1, 1000) i;
  CREATE TABLE post (
    id bigserial,
    author_id bigint NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    price numeric(12,2) NOT NULL,
    meta jsonb NOT NULL,
    tags text[] NOT NULL,
    views bigint NOT NULL,
    published boolean NOT NULL,
    created_at timestamptz(6) NOT NULL
  );
  INSERT INTO post (author_id, title, body, price, meta, tags, views, published, created_at)
  SELECT 1 + i % 1000,
    'post ' || i,
    -- 300 bytes that compress about as prose does: words from a small vocabulary.
    left(repeat(md5((i % 5000)::text) || ' lorem ipsum dolor sit amet ' || md5(i::text) || ' consectetur ', 3), 300),
    (i % 1000000) / 100.0,
    jsonb_build_object('likes', i % 977, 'source', 'import ' || i % 13, 'nested', jsonb_build_object('at', i)),
    ARRAY['tag ' || i % 17, 'tag ' || i % 23],
    i::bigint * 1000003,
    i % 3 = 0,
    timestamptz '2020-01-01' + i * interval '37 seconds 1 microsecond'
  FROM generate_series(1, ${rows}) i;
  -- Only now: a check and an entry for each row would be half of the work.
  ALTER TABLE post ADD PRIMARY KEY (id), ADD FOREIGN KEY (author_id) REFERENCES author;
  CREATE INDEX ON post (author_id);
  VACUUM ANALYZE;
`;
